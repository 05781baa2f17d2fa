"""For analysts: run a federated analysis as one call, and get tables, figures and a report.

    from v6_clinical.analyst import Federation

    fed = Federation.local([df1, df2, df3])              # one process, to learn and to test
    fed = Federation(client, collaboration=1)            # a logged-in vantage6 client, 4.x or 5.x
    fit = fed.<analysis>(...)                            # each analysis is a method
    print(fit)

Nothing here runs in an image: it is the layer between a notebook and vantage6's own client.
"""

from v6_clinical.analyst import analyses
from v6_clinical.analyst.analyses import *  # noqa: F403 - the result classes of each analysis
from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.federation import Federation
from v6_clinical.analyst.result import Result
from v6_clinical.analyst.saved import load, result_of

__all__ = ["AnalysisError", "Federation", "Result", "load", "result_of"]
__all__ += [name for name in analyses.__all__ if name.endswith("Result")]
