"""The result of ``logistic_regression`` in a terminal, in the order of R's ``summary(glm)``."""

from __future__ import annotations

from v6_clinical.terminal.render.regression import call, coefficients, heterogeneity
from v6_clinical.terminal.render.text import Record, console, footer, number, problem, table
from v6_clinical.terminal.render.words import p_value


def logistic(result: Record) -> None:
    """Print coefficients, odds ratios, deviances, discrimination, calibration."""
    if result["status"] != "completed":
        problem(result)
        return
    fit = result["fit"][0]
    screen = console()
    screen.print(f"Logistic regression: {call(result['request'], 'outcome')}", markup=False)
    missing = f", {fit['n_missing']} dropped as incomplete" if fit["n_missing"] else ""
    screen.print(f"n = {fit['n']}, events = {fit['events']}{missing}\n", markup=False)
    coefficients(result, "odds_ratio", "or", "odds ratio")
    for line in _deviances(fit):
        screen.print(line, markup=False)
    screen.print(_discrimination(fit) + "\n", markup=False)
    if result["calibration"]:
        rows = [[number(row[name]) for name in row] for row in result["calibration"]]
        table("Calibration", ["group", "n", "mean predicted", "observed"], rows, left=0)
    heterogeneity(result)
    footer(result)


def _deviances(fit: Record) -> list[str]:
    null_df = fit["df_residual"] + (fit["lr_df"] or 0)
    on_null = f"  on {null_df} degrees of freedom" if fit["lr_df"] is not None else ""
    lines = [
        f"    Null deviance: {fit['null_deviance']:.4f}{on_null}",
        f"Residual deviance: {fit['deviance']:.4f}  on {fit['df_residual']} degrees of freedom",
    ]
    if fit["aic"] is not None:
        lines.append(
            f"AIC: {fit['aic']:.4f}  BIC: {fit['bic']:.4f}  McFadden R²: {fit['mcfadden_r2']:.4f}"
        )
        lines.append(
            f"Likelihood ratio test: {fit['lr_statistic']:.4f} on {fit['lr_df']} df, "
            f"p {p_value(fit['lr_p_value'])}"
        )
    return lines


def _discrimination(fit: Record) -> str:
    auc = number(fit["auc"], 4)
    bounds = f" [{number(fit['auc_low'], 4)}, {number(fit['auc_high'], 4)}]"
    within = f"within sites {number(fit['auc_within'], 4)}"
    return f"AUC: {auc}{bounds} (certain bounds), {within}  Brier: {number(fit['brier'], 4)}"
