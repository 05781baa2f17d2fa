"""What is in an image, and what is not: read from the image itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from images.containers import Image, docker
from v6_clinical.platforms.readers import READERS
from v6_clinical.protocol.registry import faces, partial_name
from v6_clinical.version import __version__

CI = Path(__file__).parents[2] / "ci"
HEAVY = ("scipy.stats", "formulaic", "vantage6.algorithm.tools.decorators", "sqlalchemy")
HEAVY += ("vantage6.algorithm.decorator", "vantage6.algorithm.data_extraction", "SPARQLWrapper")


def shell(image: Image, script: str) -> str:
    done = docker("run", "--rm", "--network", "none", "--read-only", image.name, "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def inspect(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("image", "inspect", name).stdout)[0]
    return found


def pins(image: Image) -> dict[str, str]:
    """Return what is locked for an image, but for what only builds."""
    lines = (CI.parent / "docker" / f"requirements-v6-{image.major}.txt").read_text().splitlines()
    locked = dict(line.split()[0].split("==") for line in lines if "==" in line)
    return {name: version for name, version in locked.items() if name != "setuptools"}


def test_labels_and_command(image: Image) -> None:
    config = inspect(image.name)["Config"]
    label = {k.removeprefix("org.opencontainers.image."): v for k, v in config["Labels"].items()}
    assert label["title"] == image.package
    assert label["version"] == __version__
    assert label["licenses"] == "Apache-2.0"
    assert len(label["revision"].removesuffix("-dirty")) == 40
    assert config["Cmd"] == ["python", "-m", "v6_clinical.platforms.launch"]
    assert f"PKG_NAME={image.package}.v{image.major}" in config["Env"]


def test_the_entry_module_offers_nothing_else_A13(image: Image) -> None:
    methods = {face.method for face in faces(image.package)}
    program = f"import {image.package}.v{image.major} as m; print(*(n for n in vars(m)))"
    names = shell(image, f'python -c "{program}"').split()
    extraction = {reader.name for reader in READERS} if image.major == 5 else set()
    expected = methods | {partial_name(image.package)} | extraction
    assert {name for name in names if not name.startswith("_")} == expected


def test_only_what_this_analysis_imports_and_the_common_package(image: Image) -> None:
    found = shell(image, "find / -xdev -type d -name 'v6_*' 2>/dev/null; ls /opt/v6-clinical")
    program = [sys.executable, CI / "packages_of.py", image.package]
    needed = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    ours = {"v6_clinical", *needed}
    assert set(found.split()) == ours | {f"/opt/v6-clinical/{name}" for name in ours}


def test_no_build_tools_tests_caches_or_settings_of_the_builder(image: Image) -> None:
    script = (
        "command -v gcc cc make pip strip; "
        "find /opt -name pip -o -name setuptools -o -name 'test_*.py' -o -name '*.crt'; "
        "ls -A ~/.cache /build 2>/dev/null; env | grep -i -e '^pip' -e proxy -e cert; true"
    )
    assert shell(image, script) == ""
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image.name).stdout
    assert "PIP_" not in history


def test_every_build_has_the_locked_versions_F13(image: Image) -> None:
    program = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
    )
    raw = json.loads(shell(image, f'python -c "{program}"'))
    found = {name.lower().replace("_", "-"): version for name, version in raw.items()}
    assert found == pins(image)


def test_the_bill_of_materials_lists_every_package(image: Image, tmp_path: Path) -> None:
    program, file = CI / "bill_of_materials.py", tmp_path / "bill.json"
    digest = f"registry/{image.package}@sha256:{'0a' * 32}"
    subprocess.run([sys.executable, program, image.name, file, digest], check=True)
    bill = json.loads(file.read_text())
    urls = {component["purl"].partition("?")[0] for component in bill["components"]}
    assert urls >= {f"pkg:pypi/{name}@{version}" for name, version in pins(image).items()}
    assert {url.partition("@")[0] for url in urls} >= {"pkg:generic/python", "pkg:deb/debian/libc6"}
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": "0a" * 32}]


def test_what_a_partial_imports(image: Image) -> None:
    """Nothing heavy. Seconds of CPU are printed: to the wrapper, pandas, the first line of ours."""
    entry = f"{image.package}.v{image.major}"
    steps = (
        "from vantage6.algorithm.tools.wrap import wrap_algorithm",
        "import pandas",
        f"import v6_clinical.platforms.launch, {entry}, {image.package}.site",
    )
    clock = "t.append(time.process_time())"
    program = "; ".join(["import sys, time; t = []", *(f"{step}; {clock}" for step in steps)])
    words = shell(image, f'python -c "{program}; print(*t, *sys.modules)"').split()
    wrapper, pandas, ours = (float(word) for word in words[:3])
    print(
        f"\n{image.name}: seconds of CPU: interpreter and vantage6's wrapper {wrapper:.2f}, "
        f"pandas {pandas - wrapper:.2f}, ours {ours - pandas:.2f}"
    )
    assert [name for name in words[3:] if name.startswith(HEAVY)] == []


def test_size_over_vantage6s_own_tools(image: Image) -> None:
    tools = os.environ.get(f"TOOLS_IMAGE_{image.major}")
    if tools is None:
        pytest.skip("TOOLS_IMAGE_4 and _5 are not set: ci/images sets them")
    ours, theirs = inspect(image.name)["Size"], inspect(tools)["Size"]
    print(f"\n{image.name}: {ours / 1e6:.0f} MB, {(ours - theirs) / 1e6:+.0f} over tools only")
    assert ours - theirs <= 150e6
