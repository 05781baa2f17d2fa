"""The partial likelihood as its definition says, in extended precision."""

import numpy as np

LONG = np.longdouble


def naive(one, beta):
    """Return log-likelihood, score and information by loops over strata, times and tied deaths."""
    n, p = one.design.shape
    x, w, predictor = extended(one, beta)
    entry = np.full(n, -np.inf) if one.entry is None else one.entry
    strata = np.zeros(n) if one.strata is None else one.strata
    r = w * np.exp(predictor)
    total, score, information = LONG(0), np.zeros(p, LONG), np.zeros((p, p), LONG)
    for stratum in np.unique(strata):
        here = strata == stratum
        for time in np.unique(one.time[here & one.event]):
            live = here & (one.time >= time) & (entry < time)
            dead = here & (one.time == time) & one.event
            mean_weight = w[dead].mean()
            total += w[dead] @ predictor[dead]
            score += w[dead] @ x[dead]
            for i in range(dead.sum()):
                f = LONG(i) / dead.sum() if one.ties == "efron" else LONG(0)
                weights = r * live - f * r * dead
                mean = weights @ x / weights.sum()
                total -= mean_weight * np.log(weights.sum())
                score -= mean_weight * mean
                second = (x.T * weights) @ x / weights.sum()
                information += mean_weight * (second - np.outer(mean, mean))
    return total, score, information


def cumulated(one, beta):
    """Return the same by cumulative sums of each stratum: for many rows."""
    p = one.design.shape[1]
    total, score, information = LONG(0), np.zeros(p, LONG), np.zeros((p, p), LONG)
    x, w, predictor = extended(one, beta)
    strata = np.zeros(len(x), int) if one.strata is None else one.strata
    for stratum in np.unique(strata):
        here = strata == stratum
        parts = _stratum(one.take(here), x[here], w[here], predictor[here])
        total, score, information = total + parts[0], score + parts[1], information + parts[2]
    return total, score, information


def extended(one, beta):
    """Return covariates about their means, weights and linear predictor in extended precision."""
    x = one.design.astype(LONG)
    x -= x.mean(axis=0)
    w = np.ones(len(x), LONG) if one.weights is None else one.weights.astype(LONG)
    predictor = (x * beta.astype(LONG)).sum(axis=1)
    if one.offset is not None:
        predictor += one.offset
    return x, w, predictor - (predictor.max() + predictor.min()) / 2


def _stratum(one, x, w, predictor):
    n, p = x.shape
    products = (x[:, :, None] * x[:, None, :]).reshape(n, -1)
    values = np.column_stack([np.ones(n, LONG), x, products])
    values *= (w * np.exp(predictor))[:, None]
    times, of = np.unique(one.time[one.event], return_inverse=True)
    live = _from(one.time, values, times)
    if one.entry is not None:
        live -= _from(one.entry, values, times)
    dead = np.zeros((len(times), values.shape[1]), LONG)
    np.add.at(dead, of, values[one.event])
    count = np.bincount(of)
    weight = np.zeros(len(times), LONG)
    np.add.at(weight, of, w[one.event])
    step = np.repeat(np.arange(len(times)), count)
    f = (np.arange(len(step)) - (np.cumsum(count) - count)[step]).astype(LONG) / count[step]
    if one.ties == "breslow":
        f *= 0
    m = (weight / count)[step]
    sums = live[step] - f[:, None] * dead[step]
    means = sums[:, 1:] / sums[:, :1]
    first, second = means[:, :p], means[:, p:]
    total = w[one.event] @ predictor[one.event] - m @ np.log(sums[:, 0])
    score = w[one.event] @ x[one.event] - m @ first
    information = (m @ second).reshape(p, p) - (first.T * m) @ first
    return total, score, information


def _from(keys, values, times):
    """Return the sums of values with keys at or after each time."""
    order = np.argsort(-keys, kind="stable")
    sums = np.concatenate([np.zeros((1, values.shape[1]), LONG), np.cumsum(values[order], axis=0)])
    return sums[np.searchsorted(-keys[order], -times, side="right")]
