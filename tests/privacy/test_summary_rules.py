"""Every rule that touches the summary: an attack or a probe that fails, and would not without it.

Site steps are called as whoever may create tasks can call them: directly, with any argument.
"""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from v6_clinical.cells import Window, base_level, bounds, partition
from v6_clinical.disclosure import Policy
from v6_clinical.errors import SITE_CODES, RefusalError
from v6_clinical.platforms import local
from v6_clinical.registry import load_site
from v6_clinical.settings import SETTINGS
from v6_clinical.site import answer
from v6_clinical.version import __version__
from v6_summary.suppression import publish

SITE = load_site("v6_summary")
RNG = np.random.default_rng(11)


def ask(
    frame: pd.DataFrame, step: str, arguments: Any, policy: Policy | None = None, **more: Any
) -> dict[str, Any]:
    message = {"version": __version__, "step": step, "arguments": arguments, "index": 0, "count": 2}
    limits = policy or Policy()
    found = answer(SITE, message | more, lambda: limits, lambda _: frame)
    json.dumps(found, allow_nan=False)
    return found


def describe(frame: pd.DataFrame, *names: str, **more: Any) -> dict[str, Any]:
    arguments = {"names": list(names), "group_by": None, "levels": {}, "collapse": {}}
    policy = more.pop("policy", None)
    return ask(frame, "describe", arguments | more, policy)


def numeric(name: str, level: int = 0, first: int = -200, last: int = 200) -> dict[str, Any]:
    return {"name": name, "shift": 0.0, "window": {"level": level, "first": first, "last": last}}


def factor(name: str, *levels: str) -> dict[str, Any]:
    return {"name": name, "levels": list(levels), "collapse": {}}


def tabulate(frame: pd.DataFrame, policy: Policy | None = None, **more: Any) -> dict[str, Any]:
    arguments = {
        "numeric": [],
        "categorical": [],
        "group": None,
        "correlation": False,
        "per_site": False,
    }
    return ask(frame, "tabulate", arguments | more, policy)


def array(found: dict[str, Any], name: str) -> Any:
    entry = found["sums"]["arrays"][name]
    return np.array(entry["data"], dtype=float).reshape(entry["shape"])


def ages(n: int = 60) -> pd.DataFrame:
    return pd.DataFrame({"age": RNG.integers(20, 90, n).astype(float)})


def test_r1_few_rows() -> None:
    assert describe(ages(9), "age")["code"] == "MIN_ROWS"
    assert describe(ages(10), "age")["status"] == "ok"
    assert describe(ages(10), "age", policy=Policy(min_rows=11))["code"] == "MIN_ROWS"
    sparse = pd.DataFrame({"age": [1.0] * 9 + [np.nan] * 51, "x": 1.0})
    for found in (describe(sparse, "age", "x"), tabulate(sparse, numeric=[numeric("age")])):
        assert (found["code"], found["where"]) == ("MIN_ROWS", ["age"])
    empty = describe(ages(60).iloc[:0], "age")
    assert (empty["status"], empty["n"]) == ("no_rows", 0)


def test_r2_and_r3_no_small_cell_and_no_complement_A10() -> None:
    """Over random tables: what is published never pins a withheld count down."""
    for _ in range(300):
        table = RNG.integers(0, 12, size=(RNG.integers(1, 6), RNG.integers(1, 4)))
        shown = publish(table, 5)
        kept = table[~shown.withheld]
        assert not ((kept > 0) & (kept < 5)).any()
        hidden = table[shown.withheld]
        rest = hidden.sum(axis=0)
        if len(kept):
            assert not ((rest > 0) & (rest < 5)).any()
        if len(hidden) > 0 and len(kept) and hidden.sum() > 0:
            assert len(hidden) > 1


def test_r3_a_cross_table_does_not_undo_its_margin_A10() -> None:
    margin = np.array([[3], [50], [60]])
    start = publish(margin, 5).withheld
    assert start.tolist() == [True, True, False]
    cross = publish(np.array([[3, 0], [20, 30], [2, 58]]), 5, start)
    assert cross.withheld[:2].all()


def test_r2_suppressed_levels_are_null_and_not_derivable_A10() -> None:
    rows = ["a"] * 3 + ["b"] * 30 + ["c"] * 40
    frames = [pd.DataFrame({"v": rows}), pd.DataFrame({"v": ["b"] * 20 + ["c"] * 20})]
    arguments = {"columns": ["v"], "levels": {"v": ["a", "b", "c"]}}
    found = local.run("summary", frames, arguments)["categorical"]
    assert [row["count"] for row in found] == [None, None, 60]
    assert [row["percent"] for row in found] == [None, None, None]


def test_r3_a_small_group_withholds_all_group_sums_of_its_site() -> None:
    frame = ages(60).assign(arm=["x"] * 4 + ["y"] * 56)
    found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    assert not [name for name in found["sums"]["arrays"] if name.endswith("/group")]
    assert array(found, "grouped").tolist() == [0]
    frame["arm"] = ["x"] * 5 + ["y"] * 55
    found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    assert "moments/0/group" in found["sums"]["arrays"]


def test_r4_all_beside_groups_does_not_isolate_rows_without_group() -> None:
    frame = ages(60).assign(arm=["x"] * 29 + ["y"] * 29 + [None] * 2)
    found = tabulate(frame, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    assert "moments/0/group" not in found["sums"]["arrays"]
    lifted = Policy(allow_small_missing=True)
    found = tabulate(frame, lifted, numeric=[numeric("age")], group=factor("arm", "x", "y"))
    both = array(found, "moments/0/all")[1] - array(found, "moments/0/group")[:, 1].sum()
    assert both == pytest.approx(frame["age"].iloc[-2:].sum(), rel=1e-12)  # the attack, unguarded


def test_r4_small_missing_counts_are_withheld_but_not_the_moments() -> None:
    frame = ages(60)
    frame.loc[:1, "age"] = np.nan
    found = tabulate(frame, numeric=[numeric("age")])
    assert array(found, "missing/0/all").tolist() == [[0], [1]]
    assert array(found, "moments/0/all")[0] == 58
    assert found["n"] is None
    refined = {"names": ["age"], "windows": [], "group": None}
    window = {"name": "age", "group": None, "window": {"level": 0, "first": 0, "last": 9}}
    assert ask(frame, "refine", refined | {"windows": [window]})["n"] is None


def test_r4_pairs_that_differ_by_a_row_are_withheld_A07() -> None:
    """The difference of two row sets' sums would be one patient's value."""
    frame = pd.DataFrame({"x": RNG.normal(size=60), "y": RNG.normal(size=60)})
    frame.loc[0, "y"] = np.nan
    question = {"numeric": [numeric("x"), numeric("y")], "correlation": True}
    found = tabulate(frame, **question)
    assert array(found, "pairs")[0].tolist() == [0, 0, 0, 0, 0, 0, 1]
    lifted = tabulate(frame, Policy(allow_small_missing=True), **question)
    alone = array(lifted, "moments/0/all")[1] - array(lifted, "pairs")[0, 1]
    assert alone == pytest.approx(frame.loc[0, "x"], rel=1e-9)  # the attack, unguarded


def test_r7_power_sums_of_few_whole_numbers_do_not_give_them_away() -> None:
    """Attack: find the ages of five patients from four power sums. There is one solution."""
    true = np.array([41, 47, 52, 60, 75])
    from itertools import combinations_with_replacement

    options = range(40, 77)
    deviations = {
        x: np.array([x - 55, (x - 55) ** 2, (x - 55) ** 3, (x - 55) ** 4]) for x in options
    }

    def solutions(orders: int) -> int:
        goal = sum(deviations[x] for x in true)[:orders]
        pairs: dict[tuple[int, ...], int] = {}
        for a, b in combinations_with_replacement(options, 2):
            key = tuple(deviations[a] + deviations[b])
            pairs[key[:orders]] = pairs.get(key[:orders], 0) + 1
        found = 0
        for a, b, c in combinations_with_replacement(options, 3):
            rest = goal - (deviations[a] + deviations[b] + deviations[c])[:orders]
            found += pairs.get(tuple(rest), 0)
        return found

    assert solutions(4) == 10  # the ten ways to pick two of the five: one multiset
    assert solutions(2) > 200
    frame = pd.DataFrame({"age": np.tile(true, 7)})
    found = array(tabulate(frame, numeric=[numeric("age")]), "moments/0/all")
    assert found[[0, 3, 4, 5]].tolist() == [35, 0, 0, 35]
    enough = pd.DataFrame({"age": np.tile(true, 8)})
    assert array(tabulate(enough, numeric=[numeric("age")]), "moments/0/all")[5] == 0


def histogram_attack(values: np.ndarray[Any, Any], cell: int) -> int:
    """Ask on many grids, moved and scaled; return the fewest rows between two learnt counts."""
    rows = np.sort(values)
    known: dict[float, float] = {}
    for level in range(-9, 4):
        for first in (-700, -31, 0, 17):
            window = Window(level, first, first + 800)
            cells = partition(rows, window, base_level(rows), cell)
            low, high = bounds(cells, window.points())
            known |= dict(zip(window.points()[low == high], low[low == high], strict=True))
    counts = np.diff(np.array([known[point] for point in sorted(known)]))
    positive = counts[counts > 0]
    return int(positive.min()) if len(positive) else len(rows)


@pytest.mark.parametrize("kind", ["normal", "whole", "skewed", "spike"])
def test_r2_r11_moving_the_grid_finds_nothing_A08(kind: str) -> None:
    values = {
        "normal": RNG.normal(50, 10, 400),
        "whole": RNG.integers(20, 90, 400).astype(float),
        "skewed": RNG.exponential(30, 400),
        "spike": np.r_[np.full(395, 40.0), RNG.normal(0, 200, 5)],
    }[kind]
    assert histogram_attack(values, 5) >= 5
    if kind != "spike":
        assert histogram_attack(values, 1) < 5  # the attack, unguarded


def test_r10_the_extremes_are_not_located_A09() -> None:
    frame = pd.DataFrame({"age": np.r_[RNG.normal(50, 5, 200), 109.0]})
    arguments = {"numeric": [numeric("age", -4, 0, 3000)]}
    low, high = array(tabulate(frame, **arguments), "curve/0/all")
    points = np.arange(3001) / 16
    assert high.max() == 201
    assert low.max() < 201 - 4
    assert (points[low < high].max()) >= 187
    lifted = Policy(allow_min_max=True, min_cell=1)
    low, _ = array(tabulate(frame, lifted, **arguments), "curve/0/all")
    assert points[np.searchsorted(low, 201)] == 109.0  # the attack, unguarded


@pytest.mark.parametrize("step", ["describe", "tabulate", "refine"])
def test_r12_denied_columns_are_never_touched(step: str) -> None:
    frame = ages().assign(arm=["x", "y"] * 30)
    window = {"level": 0, "first": 0, "last": 9}
    questions = {
        "describe": {"names": ["age", "arm"], "group_by": "arm", "levels": {}, "collapse": {}},
        "tabulate": {
            "numeric": [numeric("age")],
            "categorical": [],
            "group": factor("arm", "x", "y"),
            "correlation": False,
            "per_site": False,
        },
        "refine": {
            "names": ["age", "arm"],
            "windows": [{"name": "age", "group": None, "window": window}],
            "group": factor("arm", "x", "y"),
        },
    }
    for policy in (
        Policy(denied_columns=frozenset({"arm"})),
        Policy(allowed_columns=frozenset({"age"})),
    ):
        found = ask(frame, step, questions[step], policy)
        assert (found["code"], found["where"]) == ("COLUMN_DENIED", ["arm"])


def test_r13_free_text_is_not_listed() -> None:
    names = pd.DataFrame({"v": [f"patient {k}" for k in range(60)]})
    found = describe(names, "v")
    assert (found["code"], found["where"]) == ("TOO_MANY_LEVELS", ["v"])
    rare = pd.DataFrame({"v": ["a"] * 56 + ["secret"] * 4})
    found = describe(rare, "v")
    assert (found["code"], found["where"]) == ("SMALL_CELL", ["v"])
    found = describe(rare, "v", levels={"v": ["a", "b"]})
    assert found["code"] == "UNKNOWN_LEVEL"
    assert "secret" not in json.dumps(found)
    found = describe(rare, "v", policy=Policy(max_levels=1))
    assert found["code"] == "TOO_MANY_LEVELS"


def cut(frame: pd.DataFrame, name: str, at: int, policy: Policy | None = None) -> Any:
    """Group by a column cut in two at a chosen place; return the answer."""
    labels = sorted({str(value) for value in frame[name]}, key=lambda text: text.zfill(9))
    group = {
        "name": name,
        "levels": ["low", "high"],
        "collapse": {"low": labels[:at], "high": labels[at:]},
    }
    return tabulate(frame, policy, numeric=[numeric("y")], group=group)


def test_r11_numbers_are_not_cut_into_groups_A08() -> None:
    """Attack: move a cut point of age by one year, and take the difference of the group sums."""
    frame = pd.DataFrame({"age": range(20, 80), "y": RNG.normal(50, 9, 60)})
    assert cut(frame, "age", 30)["where"] == ["collapse", "age"]
    frame["age"] = frame["age"].astype(str)
    assert cut(frame, "age", 30)["code"] == "TOO_MANY_LEVELS"
    sums = [
        array(cut(frame, "age", at, Policy(max_levels=60, levels_per_row=1.0)), "moments/0/group")[
            0, 1
        ]
        for at in (30, 31)
    ]
    assert sums[1] - sums[0] == pytest.approx(frame["y"].iloc[30], rel=1e-9)  # unguarded


def test_r13_identifiers_are_not_grouped_by_a_codebook_A07() -> None:
    frame = pd.DataFrame({"id": [f"p{k:03}" for k in range(60)], "y": RNG.normal(size=60)})
    assert cut(frame, "id", 30)["code"] == "TOO_MANY_LEVELS"
    arguments = {"levels": {"id": sorted(frame["id"])}, "group_by": "id"}
    assert describe(frame, "id", **arguments)["code"] == "TOO_MANY_LEVELS"


def test_r10_refusals_do_not_find_the_largest_value_A12() -> None:
    """Attack: a codebook of ages with and without the largest one."""
    frame = pd.DataFrame({"age": RNG.integers(20, 80, 60)})
    every = sorted({str(value) for value in frame["age"]})
    codes = [
        describe(frame, "age", levels={"age": levels})["code"] for levels in (every, every[:-1])
    ]
    assert codes == ["TOO_MANY_LEVELS", "TOO_MANY_LEVELS"]


def test_r15_a_site_may_keep_its_own_results() -> None:
    question = {"numeric": [numeric("age")], "per_site": True}
    assert tabulate(ages(), Policy(allow_per_site=False), **question)["code"] == "PER_SITE"
    found = tabulate(ages(), **question)
    assert any(name.startswith("site/0/") for name in found["sums"]["arrays"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("V6C_MIN_ROWS", text) for text in ("", " ", "-1", "ten", "2", "10.0", "1e1", "٣")],
        *[("V6C_MIN_CELL", text) for text in ("0", "2", "nan", "inf", "0x5")],
        *[("V6C_MAX_PARAMETERS_PER_ROW", text) for text in ("0.34", "1", "0", "", "-0.1", "x")],
        *[("V6C_MAX_LEVELS", text) for text in ("0", "41", "many")],
        *[("V6C_ALLOW_MIN_MAX", text) for text in ("", "maybe", "2")],
        *[("V6C_ALLOWED_COLUMNS", text) for text in ("[1]", "[", "a\x00b")],
        *[(name, "10") for name in ("V6C_MIN_ROW", "v6c_min_rows", "V6C_", "V6C_MINROWS")],
    ],
)
def test_bad_settings_fail_closed_A14(name: str, value: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        Policy.from_environment({name: value, "HOME": "irrelevant"})
    assert refusal.value.code == "BAD_SETTING"
    assert value.strip() in ("", "10") or value not in "".join(refusal.value.where)

    def read() -> Policy:
        return Policy.from_environment({name: value})

    found = answer(SITE, {}, read, lambda _: ages())
    assert found["code"] == "BAD_SETTING"


def test_good_settings_are_read_robustly_A14() -> None:
    policy = Policy.from_environment(
        {
            "V6C_MIN_ROWS": " 12 ",
            "V6C_MAX_PARAMETERS_PER_ROW": "0.1",
            "V6C_ALLOWED_COLUMNS": " age , sex",
            "V6C_DENIED_COLUMNS": '["a,b"]',
            "V6C_ALLOW_PER_SITE": "No",
            "V6C_TIME_GRID": "1-2-5",
            "V6C_ROUND_TIMEOUT": "60",
        }
    )
    assert (policy.min_rows, policy.max_parameters_per_row) == (12, 0.1)
    assert policy.allowed_columns == {"age", "sex"}
    assert policy.denied_columns == {"a,b"}
    assert not policy.allow_per_site
    fixed = {"levels_per_row", "min_clusters", "min_spread", "min_weight_share"}
    assert set(SETTINGS) >= {f"V6C_{name.upper()}" for name in set(vars(policy)) - fixed}


def test_no_argument_loosens_a_limit_A15() -> None:
    for extra in ({"V6C_MIN_ROWS": 1}, {"min_rows": 1}, {"limits": {"min_cell": 1}}):
        arguments = {"names": ["age"], "group_by": None, "levels": {}, "collapse": {}}
        assert ask(ages(9), "describe", arguments | extra)["code"] in ("BAD_REQUEST", "MIN_ROWS")
        assert ask(ages(9), "describe", arguments, **extra)["code"] == "BAD_REQUEST"


BAD: list[Any] = [None, [], {}, "x", 3, True, 1e308, {"names": "age"}, {"names": [["age"]]}]


@pytest.mark.parametrize("step", ["describe", "tabulate", "refine", "nothing", None, 3, ["x"]])
@pytest.mark.parametrize("arguments", BAD, ids=range(len(BAD)))
def test_odd_questions_are_refused_without_numbers_A19_B24(step: Any, arguments: Any) -> None:
    found = ask(ages(), step, arguments)
    assert found["code"] in ("BAD_REQUEST", "BAD_STEP")
    assert set(found) == {"schema", "status", "code", "where"}


def test_r17_refusals_echo_only_names_of_the_request_A12() -> None:
    frame = ages().assign(secret=["canary"] * 60)
    for name in ("nothing", "__class__", "x" * 150, "'; drop", "ägé"):
        found = describe(frame, name)
        assert (found["code"], found["where"]) == ("COLUMN_MISSING", [name])
        assert "secret" not in json.dumps(found)
    assert found["code"] in SITE_CODES


def test_unexpected_exceptions_leave_only_an_innocent_type_A17() -> None:
    class SecretPatientError(Exception):
        pass

    def explode(error: Exception) -> Any:
        def read(_: Policy) -> pd.DataFrame:
            raise error

        message = {"version": __version__, "step": "describe", "arguments": {}, "index": 0}
        return answer(SITE, message | {"count": 1}, Policy, read)

    assert explode(ValueError("737373"))["where"] == ["ValueError"]
    assert explode(SecretPatientError("737373"))["where"] == ["Exception"]
    assert "737373" not in json.dumps(explode(ValueError("737373")))
