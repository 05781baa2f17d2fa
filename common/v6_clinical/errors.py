"""Expected problems, as data: a closed list of codes, and two exceptions that carry them.

No message here ever quotes a data value. Where a site refuses it says a code and names that the
request itself contained, and no number: a refusal with a number beside it would be an oracle. The
one exception is how many parameters the site's rows carry, see ``Policy.check_parameters``.
"""

from collections.abc import Sequence
from typing import Final

SITE_CODES: Final[dict[str, str]] = {
    "BAD_REQUEST": "Correct the arguments of the request.",
    "BAD_SETTING": "The node operator must correct the V6C_* settings of the node.",
    "BAD_STEP": "Call the central function, not the partial.",
    "VERSION": "Use the same image version for every site.",
    "COLUMN_MISSING": "Check the column names with the site, or leave the site out.",
    "COLUMN_DENIED": "Ask the node operator to allow the column, or leave it out.",
    "SEPARATOR": "The columns of the site's file are not separated by commas: ask the site to save "
    "it with commas between columns and points in decimals.",
    "DUPLICATE_COLUMN": "Ask the site to give each column its own name.",
    "NOT_NUMERIC": "Ask the site to store the column as numbers (decimal point, no text), or give "
    "levels=... to treat it as categorical at every site.",
    "NON_FINITE": "Ask the site to replace infinite or absurdly large values by missing ones; "
    "of an offset take a number off, which changes no estimate.",
    "DOMAIN": "A logarithm or root meets a value outside its domain: drop the transformation, or "
    "ask the site to correct the column.",
    "BAD_OUTCOME": "The outcome must be 0/1 or true/false, or have two levels: name the one that "
    "counts as an event with positive=...",
    "BAD_TIME": "Follow-up must be 0 or more, an entry before its time; zph_transform='log' takes "
    "no event at 0: use 'km' or 'identity'.",
    "BAD_EVENT": "The event column must be 0/1 or true/false; or say with event_value=... which "
    "of its values is the event, spelt as the sites do.",
    "BAD_WEIGHT": "Weights must be positive, and not so uneven that a few rows carry them.",
    "UNKNOWN_LEVEL": "Add the site's level to levels=..., or merge it with collapse=...",
    "TOO_MANY_LEVELS": "Give a codebook with levels=..., or merge levels with collapse=...",
    "MIN_ROWS": "The site has too few rows with a value: drop the column, or leave the site out.",
    "RARE_LEVEL": "A level, or a combination of levels, has few rows at the site: merge levels "
    "with collapse=..., leave it out of event_value=..., drop the interaction or the column, or "
    "leave the site out. In a summary, a codebook with levels=... withholds the small counts only.",
    "RARE_VALUE": "All but a few of the site's rows share one value of the column; where two "
    "columns are named, they differ in few rows: drop one of the columns, or leave the site out.",
    "FEW_INCOMPLETE": "Few of the site's rows are incomplete, missing a value of the columns "
    "named: leave these columns out, ask the node operator for V6C_ALLOW_SMALL_MISSING, or leave "
    "the site out.",
    "FEW_EVENTS": "Few of the site's rows have the event: take a more frequent outcome, or leave "
    "the site out.",
    "FEW_WITHOUT_EVENT": "Few of the site's rows are without the event: take a less frequent "
    "outcome, or leave the site out.",
    "DOMINANT_ROW": "One large value, or very few, dominate the column, or a combination of "
    "columns where 'terms' are named: take log(x) or another transform, ns(x) for bs(x), whose "
    "outermost functions are cubes of few large values, ask the site to correct an outlier, drop a "
    "term, or leave the site out.",
    "SMALL_CLUSTER": "The site has few clusters, or few of more than one row: leave cluster=... "
    "out, take larger clusters, or leave the site out.",
    "SMALL_STRATUM": "A stratum has few rows or few events at the site: use fewer strata, merge "
    "their levels with collapse=..., or leave the site out.",
    "TOO_MANY_PARAMETERS": "The site has too few rows for this model: use fewer terms, merge "
    "levels with collapse=..., or leave the site out.",
    "COEFFICIENT_RANGE": "At these coefficients few of the site's rows carry information: use "
    "fewer terms, a ridge, no robust errors, or leave the site out.",
    "EVENT_TIMES": "The site does not send event times: use baseline='site'.",
    "QUERY": "The query is not on the node's list: ask the node operator to list its hash.",
    "PREPROCESSING": "Remove the preprocessing steps from the task.",
    "PER_SITE": "The site does not send results of its own: ask without them.",
    "INTERNAL": "Unexpected: report the type of the error to the maintainers.",
}

CENTRE_CODES: Final[dict[str, str]] = {
    "EMPTY_LEVEL": "No row has this level or combination: leave it out of levels=..., merge it "
    "with collapse=..., or drop the interaction.",
    "SINGULAR": "These columns determine each other: leave one of them out.",
    "SEPARATION": "The estimate is infinite: use ridge=1, merge levels with collapse=..., or drop "
    "the term.",
    "NOT_CONVERGED": "Allow more rounds with max_rounds=..., or simplify the model.",
    "DATA_CHANGED": "A site's data changed between rounds: run the analysis again.",
    "TOO_FEW_SITES": "At least two sites must take part with rows of their own.",
    "SITE_FAILED": "Ask the site's node operator for the log of the run named here.",
    "SITE_TIMEOUT": "Check that the site's node is online, or leave the site out.",
    "BAD_ANSWER": "Check that every site runs the same image as the central function.",
}

CODES: Final[dict[str, str]] = SITE_CODES | CENTRE_CODES


class RefusalError(Exception):
    """A site will not answer: a code, and names that the request itself contained.

    ``parameters``, of ``TOO_MANY_PARAMETERS`` only, is how many the site's rows carry.
    """

    def __init__(
        self, code: str, where: Sequence[str] = (), *, parameters: int | None = None
    ) -> None:
        if code not in SITE_CODES:
            raise ValueError("a refusal needs a code of the closed list SITE_CODES")
        if parameters is not None and code != "TOO_MANY_PARAMETERS":
            raise ValueError("a number stands beside TOO_MANY_PARAMETERS only")
        super().__init__(code)
        self.parameters = parameters
        self.code = code
        self.where = tuple(where)


class AnalysisError(Exception):
    """The central side ends the analysis: what was wrong, at which sites, and the remedy."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        remedy: str | None = None,
        sites: Sequence[dict[str, object]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = CODES[code] if remedy is None else remedy
        self.sites = list(sites)
