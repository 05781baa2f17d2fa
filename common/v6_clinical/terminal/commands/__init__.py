"""The commands of ``v6-clinical``."""
