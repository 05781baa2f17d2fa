"""The attacks on an analysis, run inside its images: the code, libraries and entry module of each.

The images hold no pytest; it is pure Python and comes from this environment, for the run alone.
"""

import importlib.metadata
import shutil
from pathlib import Path

import pytest

from images.containers import Image, docker

TESTS = Path(__file__).parents[1]
RUNNER = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
FOLDERS = {"v6_summary": "summary", "v6_logistic": "logistic", "v6_cox": "cox"}


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with pytest and what it imports."""
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


def test_the_attacks_inside_the_image(image: Image, runner: Path) -> None:
    """A20 is left out: it takes longest, and differentiates the same site steps in process."""
    words = ["run", "--rm", "--network", "none", "--workdir", "/mnt"]
    words += ["--volume", f"{TESTS}:/mnt/tests:ro", "--volume", f"{runner}:/mnt/runner:ro"]
    words += ["--env", "PYTHONPATH=/mnt/tests:/mnt/runner:/opt/v6-clinical"]
    words += ["--env", "PYTHONDONTWRITEBYTECODE=1", image.name]
    words += ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not A20"]
    words += ["--import-mode=importlib", "--confcutdir=/mnt/tests/privacy", "-c", "/dev/null"]
    words += ["--rootdir=/mnt/tests", f"/mnt/tests/privacy/{FOLDERS[image.package]}"]
    done = docker(*words)
    print(f"\n{image.name}: {done.stdout.splitlines()[-1] if done.stdout else 'no output'}")
    assert done.returncode == 0, done.stdout + done.stderr
