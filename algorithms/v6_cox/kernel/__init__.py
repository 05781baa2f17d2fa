"""Sorted rows to likelihood, score and information: numpy in, numpy out; no policy, no messages."""
