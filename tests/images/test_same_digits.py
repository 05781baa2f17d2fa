"""vantage6's own mock network, inside each image: the digits of the platform ``local``."""

import json
from pathlib import Path

import pytest

from helpers.face_examples import CASES, Case, record, worst
from helpers.policies import SHIPPED_SETTINGS
from images.containers import Image, docker

INSIDE = Path(__file__).with_name("inside.py")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.analysis)
def test_mock_network_inside_the_image(image: Image, case: Case, tmp_path: Path) -> None:
    if case.package != image.package:
        pytest.skip("this image holds another analysis")
    given = {"method": case.method, "arguments": dict(case.arguments)}
    (tmp_path / "case.json").write_text(json.dumps(given))
    for k, frame in enumerate(case.frames(), start=1):
        frame.to_parquet(tmp_path / f"site{k}.parquet")
    mounts = ["--volume", f"{tmp_path}:/case", "--volume", f"{INSIDE}:/inside.py:ro"]
    given = [word for pair in SHIPPED_SETTINGS.items() for word in ("--env", "=".join(pair))]
    words = ["run", "--rm", "--network", "none", *mounts, *given, image.name]
    done = docker(*words, "python", "/inside.py", "/case")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "result.json").read_text())
    difference = worst(found, case.reference())
    print(f"\n{case.analysis}, v{image.major} mock in {image.name}: {difference:.1e} from local")
    record(case, f"mock network in {image.name}", difference)
    assert found["status"] == "completed"
    assert difference < 1e-8
