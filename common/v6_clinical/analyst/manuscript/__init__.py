"""Results as tables for a manuscript: markdown, HTML, LaTeX and Word.

Conventions are those of tableone and gtsummary: n (%), mean (SD), median [Q1, Q3], p, SMD;
ratios with their interval, reference levels shown, footnotes on the tests.
"""
