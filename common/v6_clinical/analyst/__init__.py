"""For analysts: run a federated analysis as one call, and get tables, figures and a report.

    from v6_clinical.analyst import Federation

    fed = Federation.local([df1, df2, df3])              # one process, to learn and to test
    fed = Federation(client, collaboration=1)            # a logged-in vantage6 client, 4.x or 5.x
    fit = fed.cox(time="days", event="died", formula="age + stage")
    print(fit)

Nothing here runs in an image: it is the layer between a notebook and vantage6's own client.
"""

from v6_clinical.analyst.errors import AnalysisError
from v6_clinical.analyst.federation import Federation
from v6_clinical.analyst.result import Result
from v6_clinical.analyst.results import (
    CoxResult,
    LogisticResult,
    SummaryResult,
    load,
    result_of,
)

__all__ = [
    "AnalysisError",
    "CoxResult",
    "Federation",
    "LogisticResult",
    "Result",
    "SummaryResult",
    "load",
    "result_of",
]
