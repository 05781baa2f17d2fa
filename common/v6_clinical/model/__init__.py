"""From a formula to the columns of a model, the same at every site.

The central side parses (``formula``), agrees on levels and numbers (``levels``, ``moments``) and
undoes changes of unit (``affine``); a site checks what it is sent (``terms``) and builds its
matrix (``design``, ``splines``). Nothing that an analyst writes is ever evaluated.
"""
