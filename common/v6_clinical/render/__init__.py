"""Results as tables in a terminal, one module an analysis."""
