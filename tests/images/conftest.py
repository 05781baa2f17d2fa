"""Which images are tested: ci/images names them; nothing here runs without it."""

import os
import re

import pytest

from images.containers import Image


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
