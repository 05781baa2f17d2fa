"""Analyses that are not in this repository, written into a folder: from algorithms/README.md."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.folders import ROOT

README = ROOT / "algorithms" / "README.md"
_FILE = re.compile(r"^`(v6_mean/\w+\.py)`\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write_mean(folder: Path) -> list[str]:
    """Write the files of the README's example as they stand there; return their names."""
    files = dict(_FILE.findall(README.read_text(encoding="utf-8")))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def write_pair(folder: Path) -> None:
    """Write a package of two methods: the README's mean, and its total under the same partial."""
    write_mean(folder)
    (folder / "v6_mean").rename(folder / "v6_pair")
    for path in (folder / "v6_pair").glob("*.py"):
        path.write_text(path.read_text().replace("v6_mean", "v6_pair"), encoding="utf-8")
    analysis = (folder / "v6_pair" / "analysis.py").read_text()
    total = analysis.replace("mean = total / n if n else None", "mean = total")
    (folder / "v6_pair" / "total.py").write_text(total, encoding="utf-8")
    leaves = folder / "v6_pair" / "leaves.py"
    text = leaves.read_text().replace(
        '"sums": "the sum of their values"}}',
        '"sums": "the sum of their values"}, "again": {"more": "nothing else"}}',
    )
    leaves.write_text(text, encoding="utf-8")
    face = folder / "v6_pair" / "face.py"
    more = (
        "\nfrom dataclasses import replace\n\n"
        '_MEAN = replace(FACES[0], method="pair_mean", short="pmean", steps=("add",))\n'
        '_TOTAL = replace(_MEAN, method="pair_total", short="ptotal", analysis="total")\n'
        "FACES = (_MEAN, replace(_TOTAL, steps=()))\n"
    )
    face.write_text(face.read_text() + more, encoding="utf-8")
