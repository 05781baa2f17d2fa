"""The largest parts of many rows that are alike but for their covariates, in a fiftieth of them.

Where all risk scores are 1 and all rows are there from the start, the mean over a risk set moves by
no more than the rows that join. In runs of rows, the next a fiftieth of those before it, it is
taken to be the one at the run's end. With j the run of row i, Lambda the hazard and m the mean of
each run, what :mod:`v6_cox.kernel.row_parts` needs is

    B_i = sum over later runs of Lambda m + m_j (A_i - sum over later runs of Lambda),

and so on; A_i is exact. Later runs are of earlier times.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from v6_clinical.numerics.arrays import Array, Index
from v6_clinical.numerics.blocks import FEWEST, NUMBERS
from v6_cox.kernel.partial_likelihood import Point, second_moments
from v6_cox.kernel.row_parts import Parts

MANY = 10_000  # rows
SHARE = 0.02  # of the rows before, in a run


@dataclass(frozen=True)
class Runs:
    """Runs of rows in sorted order, R of them, p columns.

    Attributes
    ----------
    bounds
        Where they begin, and where the last one ends, shape (R + 1,).
    deaths, hazard
        In the risk sets that end in a run: deaths and jumps, shape (R,).
    means
        Of the columns over the rows up to a run's end, shape (R, p).
    """

    bounds: Index
    deaths: Array
    hazard: Array
    means: Array


def find_runs(point: Point) -> Runs | None:
    """Return the runs of many rows that are alike, of one stratum and there from the start."""
    data, sets = point.data, point.data.sets
    plain = sets.moves.rows is None and not len(sets.moves.restarts) and len(data) >= MANY
    if not plain or not len(sets) or not (point.risk.scores == 1).all():
        return None
    if not (data.weights == 1).all():
        return None
    bounds, most = [0], max(NUMBERS // max(data.design.shape[1], 1), FEWEST)
    while bounds[-1] < len(data):
        bounds.append(min(bounds[-1] + min(int(SHARE * bounds[-1]) + 1, most), len(data)))
    edges = np.array(bounds, dtype=np.intp)
    sums = np.cumsum(np.add.reduceat(data.design, edges[:-1], axis=0), axis=0)
    run = np.searchsorted(edges, sets.moves.ends, side="left") - 1
    count = len(edges) - 1
    deaths, hazard = (
        np.asarray(np.bincount(run, values, minlength=count), dtype=np.float64)
        for values in (sets.deaths, point.jumps.hazard)
    )
    return Runs(edges, deaths, hazard, sums / edges[1:, None])


def coarse_information(point: Point, runs: Runs) -> Array:
    """Return about the information: shape (p, p), 0 for columns that are constant."""
    seconds = second_moments(point.data.design, point.expected)
    found = seconds - np.dot((runs.means * runs.deaths[:, None]).T, runs.means)
    keep = np.diag(found) > 1e-6 * np.diag(seconds)
    return np.asarray(found * np.outer(keep, keep))


def coarse_parts(point: Point, runs: Runs, whitener: Array) -> Parts:
    """Return about the largest parts; ``whitener`` W, shape (p, r), as of ``largest_parts``."""
    means = np.dot(runs.means, whitener)
    squares = np.einsum("ij,ij->i", means, means)
    of_mean, of_square = means * runs.hazard[:, None], squares * runs.hazard
    later, later_means, later_squares = (
        np.cumsum(x[::-1], axis=0)[::-1] - x for x in (runs.hazard, of_mean, of_square)
    )
    score = trace = 0.0
    edges = runs.bounds.tolist()
    for j, (start, stop) in enumerate(pairwise(edges)):
        rows, m, b = slice(start, stop), means[j], later_means[j]
        h, exposed, died = (
            np.dot(point.data.design[rows], whitener),
            point.expected[rows],
            point.data.event[rows],
        )
        own, less = exposed - later[j], died - exposed
        hh, (hb, hm) = np.einsum("ij,ij->i", h, h), np.dot(h, np.array([b, m]).T).T
        # |less h + b + (own - died) m|^2
        more = own - died
        long = less * (less * hh + 2 * hb + 2 * more * hm)
        long += float(b @ b) + more * (2 * float(b @ m) + more * squares[j])
        wide = exposed * hh - 2 * (hb + own * hm) + later_squares[j] + own * squares[j]
        score, trace = max(score, float(long.max())), max(trace, float(wide.max()))
    return Parts(max(score, 0.0) ** 0.5, max(trace, 0.0))
