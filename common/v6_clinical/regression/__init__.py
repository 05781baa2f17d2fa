"""What regressions share, whatever their likelihood.

At a site: ``question`` (read strictly), ``rows`` (complete cases), ``site_design`` (matrix and its
checks), ``own_fit``. At the centre: ``request``, ``design`` (one for all), ``plan`` (the first
rounds), ``fit`` (the others), ``diagnoses``, ``tables``.
"""
