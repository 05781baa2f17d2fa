"""The one version of the project and of its message format."""

__version__ = "0.1.0"
SCHEMA = "v6-clinical/1"
