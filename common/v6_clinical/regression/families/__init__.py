"""Likelihoods of single rows, each with its link as one object: a file a family."""
