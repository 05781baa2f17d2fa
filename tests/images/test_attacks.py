"""The attacks on an analysis, run inside its images: each one's code and libraries."""

from pathlib import Path

from images.containers import Image, pytest_inside

FOLDERS = {"v6_summary": "summary", "v6_logistic": "logistic", "v6_cox": "cox"}


def test_the_attacks_inside_the_image(image: Image, runner: Path) -> None:
    """A20 is left out: it takes longest, and differentiates the same site steps in process."""
    pytest_inside(image, runner, f"privacy/{FOLDERS[image.package]}", only="not A20")
