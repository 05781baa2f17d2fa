"""Transports between a central side and its sites: the only place that imports vantage6."""
