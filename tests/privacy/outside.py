"""Guards outside of the policy, which ``mutants.py`` takes out too: listed by hand."""

from __future__ import annotations

import importlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass

# What they are when they guard nothing, and the tests to try.
GUARDS = {
    "v6_clinical.disclosure.cells._fine": (
        "lambda rows, *_: np.ones(rows.shape, bool)",
        "A08 or A09",
    ),
    "v6_clinical.disclosure.cells._assemble": (
        "lambda edges, below, n, _: Partition(np.sort(edges), below[np.argsort(edges)], n)",
        "A09",
    ),
    "v6_clinical.disclosure.dominance.differing_rows": (
        "lambda *_: (np.zeros(0, int), np.zeros((2, 0, 0), int))",
        "A02 or A03",
    ),
    "v6_clinical.disclosure.dominance.effective_sample_size": ("lambda _: 1e300", "A03 or A18"),
    "v6_clinical.disclosure.dominance.is_distant": (
        "lambda about, _: np.zeros(about.design.shape[1], bool)",
        "A08",
    ),
    "v6_clinical.disclosure.dominance.largest_leverage": ("lambda *_: 0.0", "A02"),
    "v6_clinical.disclosure.dominance.rows_off_commonest": (
        "lambda design, _: np.full(design.shape[1], len(design))",
        "A01",
    ),
    "v6_clinical.disclosure.dominance.vanishing": (
        "lambda about: np.zeros(len(about.mean), bool)",
        "A02",
    ),
    "v6_clinical.disclosure.dominance.spread": (
        "lambda about, _: np.full(about.design.shape[1], 1e300)",
        "A02",
    ),
    "v6_clinical.disclosure.limits.Limits.from_environment": ("lambda cls, _: cls()", "A14"),
    "v6_clinical.regression.site.rows._check_aliases": ("lambda _: None", "blanks_do_not"),
    "v6_clinical.regression.site.rows._check_knots": ("lambda *_: None", "A08"),
    "v6_clinical.regression.site.rows._check_scales": ("lambda *_: None", "A08"),
    "v6_clinical.regression.site.sample.sample_step": (
        "lambda about, *_: len(about.design) // SAMPLE_ROWS or 1",
        "A02",
    ),
    "v6_clinical.regression.site.design._left_out": (
        "lambda coded: replace(coded, columns=())",
        "A01 or A02",
    ),
    "v6_clinical.model.standing._follows": ("lambda _: True", "A07_knots"),
    "v6_clinical.protocol.agreed.check_request": ("lambda *_: None", "A07_the_second"),
    "v6_clinical.protocol.site.innocent_name": ("lambda error: repr(error)", "A17_unexpected"),
    "v6_summary.grouping.groups_allowed": ("lambda *_: True", "r3 or r4"),
    "v6_summary.pairs._crossed": ("lambda *_: np.zeros(0, int)", "A10"),
    "v6_summary.pairs._is_safe": ("lambda *_: True", "A07"),
    "v6_summary.questions._check_opening": ("lambda *_: None", "belongs_to_its_opening"),
    "v6_summary.questions._differ": ("lambda _: True", "A07"),
    "v6_summary.site_tables._missing": (
        "lambda counts, _: np.array([counts, np.zeros(len(counts))])",
        "r4 or A10",
    ),
    "v6_clinical.disclosure.suppression.publish": (
        "lambda table, *_: Published(table, np.zeros(len(table), bool))",
        "A10",
    ),
    "v6_clinical.survival.grid._is_fine": ("lambda *_: True", "A08"),
    "v6_clinical.survival.follow_up._missed": ("lambda time, *_: np.zeros(len(time), int)", "A18"),
}
# The noise of what leaves: what it is when there is none, or the same for other rows or questions.
# Not attacks notice, but that an answer is the exact one, or shares a draw with another.
NOISE = {
    "v6_clinical.protocol.site._insist_on_noise": "lambda site, sums: None",
    "v6_clinical.disclosure.blur.Blur.moments": "lambda self, column: (column.mean, column.sd)",
    "v6_clinical.disclosure.blur.Source.score_block": (
        "lambda self, name, question, scale, score, matrix, columns=None: (score, matrix)"
    ),
    "v6_clinical.disclosure.blur.Source.matrix": (
        "lambda self, name, question, e, matrix, columns=None: matrix"
    ),
    "v6_clinical.disclosure.blur.Source.number": (
        "lambda self, name, question, value, size, largest: value"
    ),
    "v6_clinical.disclosure.blur.Source.on_grid": (
        "lambda self, question: (question, (question + 0.0).tobytes())"
    ),
    "v6_clinical.disclosure.blur.Source.normals": (
        "lambda self, name, question, shape: "
        "np.random.default_rng([*self._key, *name.encode()]).normal(size=shape)"
    ),
    "v6_clinical.disclosure.blur.settled": "lambda values, sd: values",
    "v6_clinical.disclosure.row_key.Columns.row_key": (
        "lambda self, leverage, outcome, others=(): b'rows'"
    ),
    "v6_clinical.regression.site.noise.parts_of": (
        "lambda rows, clusters=None: Parts(1e-300, 0.0)"
    ),
}
DRAWS = [
    "tests/unit/test_blur.py",
    "tests/properties/test_blur_draws.py",
    "tests/properties/test_blur_everywhere.py",
]


@dataclass(frozen=True)
class Outside:
    """A function outside of the policy that guards nothing, and the tests to try."""

    function: str
    line: int
    what: str
    attacks: str = ""
    files: tuple[str, ...] = ()

    def install(self) -> None:
        """Let it answer what guards nothing, wherever it is in use."""
        module, _, name = self.function.rpartition(".")
        parent, _, last = module.rpartition(".")
        module, owner = (parent, f"{last}.") if last[0].isupper() else (module, "")
        found = operator.attrgetter(owner + name)(importlib.import_module(module))
        found = getattr(found, "__func__", found)
        instead = eval(self.what)  # noqa: S307 - our own source
        found.__code__, found.__defaults__ = instead.__code__, instead.__defaults__
        found.__kwdefaults__ = None


def outside() -> Iterator[Outside]:
    """Yield each of them."""
    for name, (what, attacks) in GUARDS.items():
        yield Outside(name, 0, what, attacks)
    for name, what in NOISE.items():
        yield Outside(name, 0, what, files=tuple(DRAWS))
