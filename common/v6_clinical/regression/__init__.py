"""What regressions share, whatever their likelihood.

At a site: ``steps`` (the one order: read, check, compute, tell) over what a regression brings
(``likelihood``), with ``rows`` (complete cases), ``design`` (matrix and its checks), ``guard`` (R9)
and ``own_fit``. Likelihoods of single rows share glm, a family each in ``families``. Between
both sides: ``question``, ``messages``, ``counts``, ``leaves``. At the centre: ``request``,
``design`` (one for all), ``plan`` (the first rounds), ``fit`` (the others), ``diagnoses``,
``tables``.
"""
