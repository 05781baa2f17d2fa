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
from v6_cox.kernel.partial_likelihood import Point
from v6_cox.kernel.row_parts import Parts

MANY = 10_000  # rows
SHARE = 0.02  # of the rows before, in a run
FLAT = 1e-6  # of a column's squares about its mean: rounding of one that is constant


@dataclass(frozen=True)
class Runs:
    """Runs of rows in sorted order, R of them, p columns.

    Attributes
    ----------
    bounds
        Where they begin, and where the last one ends, shape (R + 1,).
    hazard
        The jumps of the risk sets that end in a run, shape (R,).
    means
        Of the columns over the rows up to a run's end, shape (R, p).
    information
        About that at the point, shape (p, p), 0 for columns that are constant.
    """

    bounds: Index
    hazard: Array
    means: Array
    information: Array


def find_runs(point: Point) -> Runs | None:
    """Return the runs of many rows that are alike, of one stratum and there from the start."""
    data, sets = point.data, point.data.sets
    plain = sets.moves.rows is None and not len(sets.moves.restarts) and len(data) >= MANY
    if not (plain and len(sets) and (point.risk.scores == 1).all() and (data.weights == 1).all()):
        return None
    edges = bounds_of_runs(len(data), data.design.shape[1])
    count, p = len(edges) - 1, data.design.shape[1]
    sums, seconds = np.empty((count, p)), np.zeros((p, p))
    for j, (start, stop) in enumerate(pairwise(edges.tolist())):
        x, exposed = data.design[start:stop], point.expected[start:stop]
        sums[j] = np.dot(np.ones(stop - start), x)
        seconds += np.dot((x * exposed[:, None]).T, x)
    run = np.searchsorted(edges, sets.moves.ends, side="left") - 1
    deaths, hazard = (
        np.asarray(np.bincount(run, values, minlength=count), dtype=np.float64)
        for values in (sets.deaths, point.jumps.hazard)
    )
    means = np.cumsum(sums, axis=0) / edges[1:, None]
    information = seconds - np.dot((means * deaths[:, None]).T, means)
    keep = np.diag(information) > FLAT * np.diag(seconds)
    return Runs(edges, hazard, means, np.asarray(information * np.outer(keep, keep)))


def bounds_of_runs(rows: int, columns: int) -> Index:
    """Return where runs of so many rows begin, and where the last one ends."""
    bounds, most = [0], max(NUMBERS // max(columns, 1), FEWEST)
    while bounds[-1] < rows:
        bounds.append(min(bounds[-1] + min(int(SHARE * bounds[-1]) + 1, most), rows))
    return np.array(bounds, dtype=np.intp)


def coarse_parts(point: Point, runs: Runs, whitener: Array, lengths: Array | None = None) -> Parts:
    """Return about the largest parts.

    Parameters
    ----------
    whitener
        W, shape (p, r), as of ``largest_parts``.
    lengths
        Shape (n,), to be filled with |W' x| of the rows.
    """
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
        if lengths is not None:
            lengths[rows] = np.sqrt(hh)
        # |less h + b + (own - died) m|^2
        more = own - died
        long = less * (less * hh + 2 * hb + 2 * more * hm)
        long += float(b @ b) + more * (2 * float(b @ m) + more * squares[j])
        wide = exposed * hh - 2 * (hb + own * hm) + later_squares[j] + own * squares[j]
        score, trace = max(score, float(long.max())), max(trace, float(wide.max()))
    return Parts(max(score, 0.0) ** 0.5, max(trace, 0.0))
