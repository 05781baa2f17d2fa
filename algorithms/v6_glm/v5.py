"""Entry points for vantage6 5.x nodes (``PKG_NAME=v6_glm.v5``): what the face says."""

from v6_clinical.platforms import vantage6_v5 as _platform

globals().update(_platform.entries(__package__))
