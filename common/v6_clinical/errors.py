"""Expected problems, as data: a closed list of codes, and two exceptions that carry them.

No message here ever quotes a data value. Where a site refuses it says a code and names that the
request itself contained, and no number: a refusal with a number beside it would be an oracle. The
one exception is how many parameters the site's rows carry, see ``Policy.check_parameters``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from v6_clinical.text import clean, cleaned

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
    "DOMAIN": "A logarithm or root meets a value outside its domain, or an exposure is 0 or less: "
    "drop the transformation, or ask the site to correct the column.",
    "BAD_OUTCOME": "The outcome must be 0/1 or true/false, or have two levels: name the one that "
    "counts as an event with positive=... Counts are whole numbers of 0 or more, the outcome of a "
    "gamma family is above 0, and the outcome is not the same in every row.",
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
    "COEFFICIENT_RANGE": "On the way to the estimates, or at them, the sums of the site would rest "
    "on few of its rows, or the linear predictor ranges too widely there; the estimates may also "
    "be infinite. Use fewer terms, ridge=1, no robust errors, or leave the site out.",
    "EVENT_TIMES": "The site does not send event times: use baseline='site'.",
    "QUERY": "The query is not on the node's list: ask the node operator to list its hash.",
    "REQUEST_NOT_ALLOWED": "The site answers listed requests only: send its node operator the "
    "digests of this one, as v6-clinical run ... --digest prints them, or ask what is listed.",
    "PREPROCESSING": "Remove the preprocessing steps from the task.",
    "PEERS": "Ask the sites' operators: V6C_PEERS must be the same list at every site, with each "
    "site's present key, and all of its organisations take part, no others.",
    "TRANSCRIPT": "Run the analysis again, with one image at every site. If it is refused again, "
    "the question is not the one that the analysis would ask: tell the sites' operators.",
    "MASKS_DO_NOT_CANCEL": "A site's key, list or image is not that of the others: compare what "
    "v6-clinical policy prints at each site, and run the analysis again.",
    "DATA_CHANGED": "A site's data changed between rounds: run the analysis again.",
    "NO_ROWS": "The site has no complete row of these columns, and sums of all sites would show "
    "that they are the others' alone: leave out the column that the site lacks values of.",
    "PER_SITE": "The site does not send results of its own: ask without them.",
    "INTERNAL": "Unexpected: report the type of the error to the maintainers.",
}

CENTRE_CODES: Final[dict[str, str]] = {
    "EMPTY_LEVEL": "No row has this level or combination: leave it out of levels=..., merge it "
    "with collapse=..., or drop the interaction.",
    "SINGULAR": "These columns determine each other: leave one of them out.",
    "SEPARATION": "The estimates are infinite: use ridge=1, merge levels with collapse=..., or "
    "drop the term.",
    "NOT_CONVERGED": "Allow more rounds with max_rounds=..., or simplify the model.",
    "TOO_FEW_SITES": "At least two sites must take part with rows of their own.",
    "SITE_FAILED": "Ask the site's node operator for the log of the run named here.",
    "SITE_TIMEOUT": "Check that the site's node is online, or leave the site out.",
    "BAD_ANSWER": "Check that every site runs the same image as the central function.",
}

CODES: Final[dict[str, str]] = SITE_CODES | CENTRE_CODES


# What the analyst's layer finds itself, or vantage6 answers it.
PLATFORM_CODES: Final[dict[str, str]] = {
    "NODE_OFFLINE": "Ask the site to start its node, or leave the site out: organizations=[...].",
    "NO_ORGANIZATIONS": "Check collaboration=... and organizations=..., and that you may see them.",
    "TASK_REFUSED": "Check that you may create tasks in this collaboration, and the arguments.",
    "IMAGE_MISSING": "The node cannot pull the image: give image=... or registry=..., or ask the "
    "node operator.",
    "NOT_ALLOWED": "Ask the node operator to allow this image (policies.allowed_algorithms).",
    "STOPPED": "Somebody stopped the task: run it again.",
    "CENTRAL_FAILED": "Ask the node operator for the log of the run named here.",
    "NO_RESULT": "Check that the image is one of v6-clinical, and that your client can decrypt.",
    "SERVER_SILENT": "Check the connection to the vantage6 server. The task may still be running.",
    "TIMEOUT": "Allow more time with timeout=..., or check that every site's node is online.",
}


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
    """An analysis ended without a result: what was wrong, at which sites, and the remedy.

    The central side raises it and makes a result envelope of it; the analyst's layer raises it of
    such an envelope, and of what it finds itself.

    Attributes
    ----------
    code
        One of ``CODES`` or of ``PLATFORM_CODES``.
    message, remedy
        What was wrong, and what to do about it.
    sites
        A record for each site that is concerned: ``organization_id``, and ``name``, ``code`` and
        ``where`` if known.
    result
        The result envelope that says so, or None if there is none.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        remedy: str | None = None,
        sites: Sequence[Mapping[str, Any]] = (),
        result: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.message = clean(message)
        self.remedy = clean((CODES | PLATFORM_CODES)[code] if remedy is None else remedy)
        self.sites: list[dict[str, Any]] = cleaned([dict(site) for site in sites])
        self.result = None if result is None else dict(result)
        super().__init__(self.message)

    def __str__(self) -> str:
        coded = [site for site in self.sites if "name" in site and "code" in site]
        named = [f"  {site['name']}: {site['code']}" for site in coded]
        lines = [f"[{self.code}] {self.message}", *named, f"Remedy: {self.remedy}"]
        return "\n".join(lines)
