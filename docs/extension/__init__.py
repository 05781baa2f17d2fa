"""What this site adds to Sphinx; only ``directives`` needs Sphinx itself."""
