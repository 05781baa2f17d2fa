"""The result of ``cox_regression`` in a terminal, in the order of R's ``summary(coxph)``."""

from __future__ import annotations

from v6_clinical.terminal.render.regression import call, coefficients, heterogeneity
from v6_clinical.terminal.render.text import Record, console, footer, number, problem, table
from v6_clinical.terminal.render.words import p_value

MOST_LINES = 12


def cox(result: Record) -> None:
    """Print coefficients, hazard ratios, tests, ``cox.zph``, and the curves asked for."""
    if result["status"] != "completed":
        problem(result)
        return
    request, fit = result["request"], result["fit"][0]
    screen = console()
    left = [name for name in ("entry", "time", "event") if request[name] is not None]
    strata = "".join(f" + strata({name})" for name in request["strata"])
    strata += " + strata(site)" if request["baseline"] == "site" else ""
    model = call(request, *left).replace(" ~", ") ~", 1)
    screen.print(f"Cox regression, {request['ties']} ties: Surv({model}{strata}", markup=False)
    if more := _more(request):
        screen.print(more, markup=False)
    missing = f", {fit['n_missing']} dropped as incomplete" if fit["n_missing"] else ""
    screen.print(f"n = {fit['n']}, number of events = {fit['events']}{missing}\n", markup=False)
    coefficients(result, "hazard_ratio", "hr", "hazard ratio")
    for line in _tests(fit):
        screen.print(line, markup=False)
    if any("robust_se" in row for row in result["coefficients"]) and request["ridge"] == 0:
        note = "Likelihood ratio and score test take rows as independent; the Wald test does not.\n"
        screen.print(note, markup=False)
    _proportional_hazards(result)
    _curves(result, "baseline_hazard", "Baseline (at the means of the columns)", "n_at_risk")
    _curves(result, "prediction", "Predicted survival", "profile")
    heterogeneity(result)
    footer(result)


def _more(request: Record) -> str:
    """Return what R's call would say besides its formula."""
    names = [name for name in ("offset", "weights", "cluster") if request[name] is not None]
    said = [f"{name} = {request[name]}" for name in names]
    return ", ".join([*said, *([f"ridge = {request['ridge']:g}"] if request["ridge"] else [])])


def _tests(fit: Record) -> list[str]:
    lines = [f"Concordance = {number(fit['concordance'], 4)} (pairs within sites and strata)"]
    names = {"lr": "Likelihood ratio test", "wald": "Wald test", "score": "Score (logrank) test"}
    for name, title in names.items():
        if fit[f"{name}_statistic"] is not None:
            p = p_value(fit[f"{name}_p_value"])
            lines.append(f"{title:<22}= {fit[f'{name}_statistic']:.4f} on {fit['df']} df, p {p}")
    likelihood = f"Log-likelihood: {fit['log_likelihood']:.4f}"
    if fit["aic"] is not None:
        likelihood += f"  AIC: {fit['aic']:.4f}  BIC (events): {fit['bic']:.4f}"
    return [*lines, likelihood + "\n"]


def _proportional_hazards(result: Record) -> None:
    rows = [
        [row["term"], number(row["statistic"], 4), str(row["df"]), p_value(row["p_value"])]
        for row in result["proportional_hazards"]
    ]
    if rows:
        transform = result["request"]["zph_transform"]
        table(f"Proportional hazards (cox.zph, {transform})", ["term", "chisq", "df", "p"], rows)


def _curves(result: Record, name: str, title: str, more: str) -> None:
    """Print some lines of each curve."""
    for curve in result[name]:
        site = curve["organization_id"]
        parts = ["common" if site is None else f"organisation {site}"]
        parts += [curve["stratum"]] if curve["stratum"] else []
        parts += [f"profile {curve['profile']}"] if more == "profile" else []
        columns = ["time", "cumulative_hazard", "survival"]
        columns += [more] if more == "n_at_risk" else []
        every = max(1, len(curve["time"]) // MOST_LINES)
        lines = list(zip(*(curve[column] for column in columns), strict=True))[every - 1 :: every]
        rows = [[number(value, 4) for value in line] for line in lines]
        if rows:
            table(f"{title}: {', '.join(parts)}", columns, rows, left=0)
