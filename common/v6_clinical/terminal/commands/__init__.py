"""The commands of ``v6-clinical run``, one module an analysis."""
