"""Which images are tested: ci/images names them; nothing here runs without it."""

import importlib.metadata
import os
import re
import shutil
from pathlib import Path

import pytest

from images.containers import Image

RUNNER = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")


def _images() -> list[Image]:
    found = []
    for name in os.environ.get("IMAGES", "").split():
        match = re.fullmatch(r"(?:.*/)?(v6-[a-z-]+):.*v6-([45])", name)
        if match is None:
            raise pytest.UsageError(f"IMAGES: {name!r} is not NAME:VERSION-v6-MAJOR")
        found.append(Image(name, match[1].replace("-", "_"), int(match[2])))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "image" in metafunc.fixturenames:
        majors = [int(mark.args[0]) for mark in metafunc.definition.iter_markers("major")]
        images = [i for i in _images() if not majors or i.major in majors]
        none = pytest.param(
            None, marks=pytest.mark.skip(reason="IMAGES, which ci/images sets, names none")
        )
        metafunc.parametrize("image", images or [none], ids=lambda i: i.name if i else "none")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get("IMAGES"):
        reason = "no images are named in IMAGES: ci/images builds them and runs these tests"
        for item in items:
            if "images" in item.path.parts:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with pytest and what it imports.

    The images hold no pytest; it is pure Python and comes from this environment, for the run alone.
    """
    folder = tmp_path_factory.mktemp("runner")
    for name in RUNNER:
        for file in importlib.metadata.files(name) or ():
            if file.suffix == ".py" and ".." not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), target)
        about = next(f for f in importlib.metadata.files(name) or () if f.name == "METADATA")
        (folder / about).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(about.locate()), folder / about)
    return folder
