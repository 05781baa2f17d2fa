"""Regressions whose likelihood is a sum over single rows: what a family has in common with others.

At a site: ``likelihood``, ``site``. At the centre: ``request``, ``null_model``, ``fitting``,
``result``. Between them ``questions`` and ``leaves``.
"""
