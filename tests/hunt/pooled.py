"""What the pooled tools say: R's ``glm.fit`` and ``coxph`` step by step, and linear programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, identity

from hunt.models import Model
from v6_clinical.numerics.arrays import Array
from v6_cox.kernel.partial_likelihood import evaluate
from v6_cox.kernel.sorted_data import prepare

MOST_PAIRS = 20_000


@dataclass(frozen=True)
class Pooled:
    """Estimates and standard errors, shape (p,); ``quiet`` if the tool fits without a word."""

    estimate: Array
    std_error: Array
    quiet: bool


def fit(model: Model) -> Pooled:
    """Return the fit of all rows together."""
    with np.errstate(all="ignore"):
        try:
            return _glm(model) if model.analysis == "logistic" else _coxph(model)
        except np.linalg.LinAlgError:
            none = np.full(model.design.shape[1], np.nan)
            return Pooled(none, none, quiet=False)


def _glm(model: Model) -> Pooled:
    """R's iteration: at most 25, until the deviance moves by less than 1e-8 of itself."""
    x, y = model.design, model.rows["y"].to_numpy(np.float64)
    w, offset = model.column("weights", 1.0), model.column("offset", 0.0)
    scale = np.sqrt((x**2).mean(axis=0))
    x = x / scale
    mu = (w * y + 0.5) / (w + 1)
    eta, deviance = np.log(mu / (1 - mu)), np.inf
    beta, converged = np.zeros(x.shape[1]), False
    for _ in range(25):
        root = np.sqrt(w * mu * (1 - mu))
        target = (eta - offset) + (y - mu) / (mu * (1 - mu))
        good = root > 0
        q, r = np.linalg.qr(x[good] * root[good, None])
        beta = np.linalg.solve(r, q.T @ (target * root)[good])
        eta = x @ beta + offset
        mu = 1 / (1 + np.exp(-eta))
        before = deviance
        deviance = -2 * float(w @ (y * eta - np.logaddexp(0, eta)))
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            converged = True
            break
    edge = 10 * np.finfo(float).eps
    sure = (mu > 1 - edge).any() or (mu < edge).any()
    inverse = np.linalg.inv(r)
    error = np.sqrt((inverse**2).sum(axis=1)) / scale
    return Pooled(beta / scale, error, bool(converged and not sure))


def _coxph(model: Model) -> Pooled:
    """R's iteration: at most 20, until the likelihood moves by less than 1e-9 of itself."""
    rows, columns = model.rows, [*model.arguments.get("strata", ()), "site"]
    strata = rows.groupby(columns).ngroup().to_numpy(np.intp)
    entry = rows["entry"].to_numpy() if "entry" in model.arguments else None
    scale = model.design.std(axis=0)
    data = prepare(
        rows["t"].to_numpy(np.float64),
        rows["e"].to_numpy() == 1,
        model.design / scale,
        entry,
        strata,
        model.column("weights", 1.0) if "weights" in model.arguments else None,
        model.column("offset", 0.0) if "offset" in model.arguments else None,
        model.arguments["ties"],
    )
    beta = np.zeros(len(scale))
    found = evaluate(data, beta)
    step, converged = np.linalg.solve(found.information, found.score), False
    for _ in range(20):
        new = evaluate(data, beta + step)
        if abs(1 - found.log_likelihood / new.log_likelihood) <= 1e-9:
            beta, found, converged = beta + step, new, True
            break
        if not new.log_likelihood >= found.log_likelihood:
            step = step / 2
            continue
        beta, found = beta + step, new
        step = np.linalg.solve(found.information, found.score)
    covariance = np.linalg.inv(found.information)
    far = np.abs(covariance @ found.score) > np.sqrt(1e-9) * (1 + np.abs(beta / scale)) * scale
    error = np.sqrt(np.diag(covariance)) / scale
    return Pooled(beta / scale, error, bool(converged and not far.any()))


@dataclass(frozen=True)
class Truth:
    """Which columns' estimates are infinite; ``complete`` if every row is separated."""

    infinite: tuple[str, ...]
    complete: bool


def separation(model: Model) -> Truth | None:
    """Return the columns in the cone of recession of the likelihood; None with too many pairs.

    The rows that can be separated are found by one linear programme (Konis 2007): maximise
    sum t_i subject to s_i x_i d >= t_i, 0 <= t_i <= 1. The cone spans the null space of all other
    rows.
    """
    z = _signed(model) if model.analysis == "logistic" else _pairs(model)
    if z is None:
        return None
    if not len(z):
        return Truth(model.names, complete=True)
    size = np.sqrt((z**2).mean(axis=0))
    if not (size > 0).all():
        return None
    z, change = np.linalg.qr(z / size)  # columns that are all but one another would be cut short
    n, p = z.shape
    z = z * np.sqrt(n)
    t = _apart(z)
    if t is None:
        return None
    apart = t > 0.5
    if not apart.any():
        return Truth((), complete=False)
    rest = z[~apart]
    _, values, vectors = np.linalg.svd(np.vstack([rest, np.zeros((p, p))]), full_matrices=False)
    null = np.linalg.solve(change, vectors[values <= 1e-8 * np.sqrt(n)].T)
    reach = np.abs(null / np.abs(null).max(axis=0, initial=1e-300)).max(axis=1, initial=0.0)
    named = [name for name, r in zip(model.names, reach, strict=True) if r > 1e-5]
    return Truth(tuple(named), not len(rest))


def _apart(z: Array) -> Array | None:
    """Solve the linear programme; none where no solver can."""
    n, p = z.shape
    for method in ("highs", "highs-ipm", "highs-ds"):
        found = linprog(
            np.concatenate([np.zeros(p), -np.ones(n)]),
            A_ub=hstack([csr_matrix(-z), identity(n)], format="csr"),
            b_ub=np.zeros(n),
            bounds=[(None, None)] * p + [(0, 1)] * n,
            method=method,
        )
        if found.x is not None:
            return np.asarray(found.x[p:])
    return None


def _signed(model: Model) -> Array:
    y = model.rows["y"].to_numpy()
    return model.design * np.where(y == 1, 1.0, -1.0)[:, None]


def _pairs(model: Model) -> Array | None:
    """Return x_i - x_j for each death i and row j at risk then in its stratum."""
    rows, columns = model.rows, [*model.arguments.get("strata", ()), "site"]
    strata = rows.groupby(columns).ngroup().to_numpy()
    time, event = rows["t"].to_numpy(), rows["e"].to_numpy() == 1
    entry = rows["entry"].to_numpy() if "entry" in model.arguments else np.full(len(rows), -1.0)
    found, count = [np.empty((0, model.design.shape[1]))], 0
    for i in np.flatnonzero(event):
        risk = (strata == strata[i]) & (time >= time[i]) & (entry < time[i])
        risk[i] = False
        count += int(risk.sum())
        if count > MOST_PAIRS:
            return None
        found.append(model.design[i] - model.design[risk])
    z = np.unique(np.concatenate(found), axis=0)
    return np.asarray(z[(z != 0).any(axis=1)])
