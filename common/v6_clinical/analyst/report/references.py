"""The literature that methods paragraphs cite, and its numbering in order of use."""

from __future__ import annotations

from typing import Final

REFERENCES: Final = {
    "breslow": "Breslow N. Covariance analysis of censored survival data. Biometrics "
    "1974;30:89–99.",
    "brier": "Brier GW. Verification of forecasts expressed in terms of probability. Mon Weather "
    "Rev 1950;78:1–3.",
    "concordance": "Harrell FE, Califf RM, Pryor DB, Lee KL, Rosati RA. Evaluating the yield of "
    "medical tests. JAMA 1982;247:2543–6.",
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187–220.",
    "disclosure": "Hundepool A, Domingo-Ferrer J, Franconi L, et al. Statistical disclosure "
    "control. Chichester: Wiley; 2012.",
    "efron": "Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat "
    "Assoc 1977;72:557–65.",
    "glm": "McCullagh P, Nelder JA. Generalized linear models. 2nd ed. London: Chapman & Hall; "
    "1989.",
    "hc1": "MacKinnon JG, White H. Some heteroskedasticity-consistent covariance matrix estimators "
    "with improved finite sample properties. J Econom 1985;29:305–25.",
    "heterogeneity": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat "
    "Med 2002;21:1539–58.",
    "liang": "Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. "
    "Biometrika 1986;73:13–22.",
    "lin_wei": "Lin DY, Wei LJ. The robust inference for the Cox proportional hazards model. J Am "
    "Stat Assoc 1989;84:1074–8.",
    "moments": "Pébay P. Formulas for robust, one-pass parallel computation of covariances and "
    "arbitrary-order statistical moments. Sandia report SAND2008-6212; 2008.",
    "ph": "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted "
    "residuals. Biometrika 1994;81:515–26.",
    "quantiles": "Hyndman RJ, Fan Y. Sample quantiles in statistical packages. Am Stat "
    "1996;50:361–5.",
    "ridge": "Hoerl AE, Kennard RW. Ridge regression: biased estimation for nonorthogonal "
    "problems. Technometrics 1970;12:55–67.",
    "roc": "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating "
    "characteristic (ROC) curve. Radiology 1982;143:29–36.",
    "smd": "Yang D, Dalton JE. A unified approach to measuring the effect size between two groups "
    "using SAS. SAS Global Forum 2012, paper 335.",
    "splines": "de Boor C. A practical guide to splines. New York: Springer; 1978.",
    "tau2": "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials "
    "1986;7:177–88.",
    "vantage6": "Moncada-Torres A, Martin F, Sieswerda M, Van Soest J, Geleijnse G. VANTAGE6: an "
    "open source priVAcy preserviNg federaTed leArninG infrastructurE for Secure Insight eXchange. "
    "AMIA Annu Symp Proc 2020;2020:870–7.",
    "webdisco": "Lu CL, Wang S, Ji Z, et al. WebDISCO: a web service for distributed Cox model "
    "learning without patient-level data sharing. J Am Med Inform Assoc 2015;22:1212–9.",
    "welch": "Welch BL. On the comparison of several mean values: an alternative approach. "
    "Biometrika 1951;38:330–6.",
    "white": "White H. A heteroskedasticity-consistent covariance matrix estimator and a direct "
    "test for heteroskedasticity. Econometrica 1980;48:817–38.",
}


class Citations:
    """Numbers of references, in the order in which they are first cited."""

    def __init__(self) -> None:
        self._cited: list[str] = []

    def __call__(self, *keys: str) -> str:
        """Return ``[1]`` or ``[1,2]``; citing the same again gives the same number."""
        self._cited += [key for key in keys if key not in self._cited]
        return f"[{','.join(str(self._cited.index(key) + 1) for key in keys)}]"

    @property
    def entries(self) -> list[str]:
        """The references cited, in the order of their numbers."""
        return [REFERENCES[key] for key in self._cited]
