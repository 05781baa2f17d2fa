"""For analysts: run a federated analysis as one call, and get tables, figures and a report."""
