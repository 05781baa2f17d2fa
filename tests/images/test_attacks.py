"""The attacks on an analysis, run inside its images: each one's code and libraries."""

from pathlib import Path

import pytest

from images.containers import Image, pytest_inside


def test_the_attacks_inside_the_image(image: Image, runner: Path) -> None:
    """A20 is left out: it takes longest, and differentiates the same site steps in process."""
    folder = image.package.removeprefix("v6_")
    pytest_inside(image, runner, f"privacy/{folder}", only="not A20")


@pytest.mark.parametrize("file", ["A06_A14_A15_limits", "A13_A16_code", "A17_A19_values"])
def test_the_attacks_on_the_entry_module_inside_the_image(
    image: Image, runner: Path, file: str
) -> None:
    """Those through the wrapper's process, and with filters of 4.x, are in ``test_contract.py``."""
    only = "not wrapper and not preprocessing and not queries"
    pytest_inside(image, runner, f"privacy/test_{file}.py", only=only)
