"""What regressions share, whatever their likelihood.

At a site: ``question`` (read strictly), ``rows`` (complete cases), ``site_design`` (matrix and its
checks), ``own_fit``. At the centre: ``request``, ``agreement`` (one design for all), ``fit`` (the
rounds), ``tables``.
"""
