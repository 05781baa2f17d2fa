"""Faults F01 to F11 and F14 inside the 5.x images: vantage6 5.x's own client meets them.

The same tests run beside this one with the client of 4.x, which is installed here.
"""

from pathlib import Path

import pytest

from images.containers import Image, pytest_inside


@pytest.mark.major(5)
def test_the_faults_inside_the_image(image: Image, runner: Path) -> None:
    pytest_inside(image, runner, "platforms/faults")
