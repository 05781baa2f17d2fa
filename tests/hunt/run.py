"""Hunt for fits that fail: random models, fitted here from sites and there from all rows.

``python -m hunt.run [MODELS] [--analysis logistic|cox] [--shipped] [--first SEED]``
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.policies import EXACT
from hunt.models import Model, random_model
from hunt.pooled import Pooled, Truth, fit, separation
from v6_clinical.disclosure import Policy
from v6_clinical.platforms import local

ANALYSES = ("logistic", "cox")
LIMITS = {"open": Policy.open(), "shipped": EXACT}
DIAGNOSES = ("SEPARATION", "SINGULAR", "BAD_OUTCOME", "BAD_EVENT")
NEAR = 1e-4  # standard errors: R stops that far from the optimum


@dataclass(frozen=True)
class Verdict:
    """How a model ended: ``cause`` is "equal" or a code; ``wrong`` says what is untrue about it."""

    seed: int
    quiet: bool
    cause: str
    refused: bool = False
    wrong: str = ""


def judge(model: Model, limits: str) -> Verdict:
    """Fit a model here and there and compare."""
    theirs = fit(model)
    ours = local.run(
        model.analysis, model.frames(), model.arguments, policy=LIMITS[limits], minimum_sites=1
    )
    told = ours["status"] != "completed" and ours["error"]["code"] in DIAGNOSES
    # pairs of rows are many: of a Cox model that is fitted here and there the rest is known
    plain = model.analysis == "cox" and theirs.quiet and not told
    truth = None if plain else separation(model)
    quiet = theirs.quiet and (truth is None or not truth.infinite)
    if ours["status"] == "completed":
        wrong = _wrong_numbers(ours, theirs) if quiet else ""
        if truth is not None and truth.infinite:
            wrong = f"not told of {', '.join(truth.infinite)}"
        return Verdict(model.seed, quiet, "completed", wrong=wrong)
    error = ours["error"]
    wrong = ""
    if error["code"] == "SEPARATION" and truth is not None:
        wrong = _wrong_names(error["message"], truth)
    elif error["code"] in DIAGNOSES and quiet:
        wrong = "told of what is not there"
    return Verdict(model.seed, quiet, error["code"], ours["status"] == "refused", wrong)


def _wrong_numbers(ours: dict[str, Any], theirs: Pooled) -> str:
    estimate = np.array([row["estimate"] for row in ours["coefficients"]])
    off = np.abs((estimate - theirs.estimate) / theirs.std_error).max()
    return "" if off < NEAR else f"estimates off by {off:.1e} standard errors"


def _wrong_names(message: str, truth: Truth) -> str:
    named = set(re.split(r", (?![^(]*\))", message.partition("separated by ")[2].rstrip(".")))
    real = set(truth.infinite)
    if not named <= real:
        return f"named {sorted(named - real)}, finite"
    if not truth.complete and (left := real - named - {"Intercept"}):
        return f"did not name {sorted(left)}"
    return ""


def hunt(analysis: str, limits: str, seeds: range) -> Iterator[Verdict]:
    """Yield a verdict for each model that can be fitted at all."""
    for seed in seeds:
        model = random_model(analysis, seed)
        if model is not None:
            yield judge(model, limits)


def main() -> int:
    """Print the rates of failures by cause; 1 where a diagnosis is wrong."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("models", nargs="?", type=int, default=1000)
    words.add_argument("--analysis", choices=ANALYSES)
    words.add_argument("--limits", choices=list(LIMITS))
    words.add_argument("--first", type=int, default=0)
    asked = words.parse_args()
    wrong = 0
    for analysis in ANALYSES if asked.analysis is None else (asked.analysis,):
        for limits in LIMITS if asked.limits is None else (asked.limits,):
            seeds = range(asked.first, asked.first + asked.models)
            wrong += report(analysis, limits, list(hunt(analysis, limits, seeds)))
    return int(wrong > 0)


def report(analysis: str, limits: str, found: list[Verdict]) -> int:
    """Print what came of the models; return how many verdicts are wrong."""
    quiet = [verdict for verdict in found if verdict.quiet]
    failed = [verdict for verdict in quiet if verdict.cause != "completed"]
    wrong = [verdict for verdict in found if verdict.wrong]
    print(f"{analysis}, {limits} limits: {len(found)} models, {len(quiet)} that R fits")
    causes = Counter((v.cause, "refused" if v.refused else "failed") for v in failed)
    for (cause, status), count in causes.most_common():
        seeds = [verdict.seed for verdict in failed if verdict.cause == cause][:12]
        print(f"  {status} {cause}: {count}, {1000 * count / len(quiet):.1f} of 1,000; {seeds}")
    others = Counter(verdict.cause for verdict in found if not verdict.quiet)
    print(f"  the {len(found) - len(quiet)} others: {dict(others.most_common())}")
    print(f"  wrong: {len(wrong)}")
    for verdict in wrong:
        print(f"    seed {verdict.seed}: {verdict.cause}, {verdict.wrong}")
    sys.stdout.flush()
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
