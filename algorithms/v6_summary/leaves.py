"""Every number that leaves a site, by step: the first part of its name, and what it is."""

FINER = (
    "around each quantile: the cumulative counts on finer points, in cells that hold 0 or at "
    "least V6C_MIN_CELL rows"
)
LEAVES = {
    "describe": {
        "kinds": "per column, 1 under what it holds: numbers, true/false, text (nothing: 0)",
        "moments": "per numeric column: n, sum, squares about the site's mean, n mean^2, whether "
        "all values are whole, and whether none is below 0",
        "cells": "per numeric column and group: rows of each cell of about .05 sd; cells hold at "
        "least V6C_MIN_CELL rows, the outermost reach to infinity",
        "withheld": "per column of which too few rows make something: the code that says so, and "
        "nothing else of the column",
        "levels": "per categorical column: its levels, each with enough rows (none: codebook)",
    },
    "tabulate": {
        "moments": "per numeric column and group: n, four power sums about the pooled mean, and "
        "the rows whose third and fourth are withheld",
        "missing": "per numeric column and group: missing values, and whether withheld",
        "curve": "per numeric column and group: least and greatest number of rows at or below each"
        " point of a fixed grid; cells hold 0 or at least V6C_MIN_CELL rows",
        "counts": "per categorical column, level and group: rows, and whether withheld",
        "grouped": "per column, 1 if the site sends its group sums",
        "finer": FINER,
        "absent": "per categorical column and group: missing values, and whether withheld",
        "pairs": "per pair of numeric columns: n, sums, squares and products of the complete rows",
        "site": "with per_site: the site's own moments and counts over again",
        "blur": "where the blur is on, of the moments and pairs: the variance of the noise that is "
        "declared of them (first and second power sum; squares and products)",
    },
    "refine": {"finer": FINER},
}

LEVELS = frozenset({"levels"})
# Whose numbers count something.
COUNTS = frozenset(
    {
        "kinds",
        "cells",
        "levels",
        "missing",
        "curve",
        "counts",
        "grouped",
        "finer",
        "absent",
        "withheld",
    }
)
# What has no noise: counts, levels and cells, which have limits of their own.
EXACT = COUNTS

# When a step is asked.
ROUNDS = {
    "describe": "round 1",
    "tabulate": "round 2",
    "refine": "round 3, where a quantile is not settled; at most once more",
}
