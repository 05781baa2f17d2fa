"""Entry points for vantage6 4.x nodes (``PKG_NAME=v6_glm.v4``): what the face says."""

from v6_clinical.platforms import vantage6_v4 as _platform

globals().update(_platform.entries(__package__))
