"""The report in a real browser: no error, nothing asked of the network, nothing too wide.

Screenshots are left in build/screenshots, to be looked at.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from matplotlib.image import imread

from helpers.example_results import example
from v6_clinical.analyst.figures.style import THEMES, Theme
from v6_clinical.analyst.report import html

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.repeats,
    pytest.mark.skipif(BROWSER is None, reason="needs chromium or google-chrome"),
]

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--enable-logging=stderr"
)
SCHEMES: dict[Theme, int] = {"dark": 0, "light": 1}
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
# What sticks out at the right, other than inside a table that scrolls; details are opened first.
PROBE = """
<script>
document.querySelectorAll("details").forEach((part) => { part.open = true; });
const wide = [...document.querySelectorAll("body *")].filter((part) =>
  !part.closest(".wide > *, svg *") && part.getBoundingClientRect().right > innerWidth + 1);
document.body.dataset.found = JSON.stringify({
  width: innerWidth, scroll: document.documentElement.scrollWidth,
  wide: wide.map((part) => part.tagName + "." + part.className) });
</script>
"""


def browse(page: Path, *options: str, width: int = 1000, theme: Theme = "light") -> tuple[str, str]:
    """Open a page, and return what the browser printed and what it logged."""
    done = subprocess.run(
        [
            str(BROWSER),
            *FLAGS.split(),
            f"--user-data-dir={page.parent / 'profile'}",
            f"--blink-settings=preferredColorScheme={SCHEMES[theme]}",
            f"--window-size={width},2400",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, done.stderr


def console(log: str) -> list[str]:
    return [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 500])
@pytest.mark.parametrize("name", ["summary", "logistic", "cox", "refused"])
def test_a_page_opens_without_error_in_its_colours(
    name: str, width: int, theme: Theme, tmp_path: Path
) -> None:
    """The page's own policy forbids every resource: an attempt to fetch one is a console error."""
    page = tmp_path / "report.html"
    page.write_text(html(example(name)), encoding="utf-8")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    picture = SCREENSHOTS / f"{name}-{width}-{theme}.png"
    picture.unlink(missing_ok=True)
    _, log = browse(page, f"--screenshot={picture}", width=width, theme=theme)
    assert console(log) == []
    pixels = imread(picture)
    assert pixels.shape[1] == width
    corner = "#" + "".join(f"{round(255 * value):02x}" for value in pixels[0, 0, :3].tolist())
    assert corner == THEMES[theme].paper


@pytest.mark.parametrize("width", [1000, 500])
@pytest.mark.parametrize("name", ["summary", "levels", "cox", "refused"])
def test_nothing_is_wider_than_the_page(name: str, width: int, tmp_path: Path) -> None:
    text = html(example(name))
    assert POLICY.search(text)
    page = tmp_path / "report.html"
    page.write_text(POLICY.sub("", text).replace("</body>", PROBE + "</body>"), encoding="utf-8")
    out, _ = browse(page, "--dump-dom", width=width)
    match = re.search(r'data-found="([^"]*)"', out)
    assert match is not None
    found = json.loads(match[1].replace("&quot;", '"'))
    assert found["width"] == width
    assert found["scroll"] <= width
    assert found["wide"] == []


def test_the_checks_notice_what_they_look_for(tmp_path: Path) -> None:
    """A picture from elsewhere is a console error, a wide line is found."""
    page = tmp_path / "report.html"
    text = html(example("bad_request"))
    bad = '<img src="http://127.0.0.1:9/x.png" alt=""><div style="width: 3000px">wide</div>'
    page.write_text(text.replace("</body>", bad + "</body>"), encoding="utf-8")
    _, log = browse(page, f"--screenshot={tmp_path / 'x.png'}")
    assert any("Content Security Policy" in line for line in console(log))
    page.write_text(POLICY.sub("", text).replace("</body>", bad + PROBE + "</body>"))
    out, _ = browse(page, "--dump-dom")
    assert "DIV." in out
