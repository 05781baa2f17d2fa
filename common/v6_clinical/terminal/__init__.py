"""The command line: its commands, and results as text."""
