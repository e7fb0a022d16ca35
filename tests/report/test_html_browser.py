"""The page in a real browser: no request, no complaint, and a filter that works by mouse, keyboard and address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.report import as_html
from checks.report.formats import Layout
from checks.report.report import Filters
from tests.hostile import HOSTILE
from tests.report.browser import Browser
from tests.report.cases import make
from tests.report.test_html import EVIL

GROUPS = "[...document.querySelectorAll('details[data-severity]')]"
SHOWN = f"{GROUPS}.filter(one => one.checkVisibility()).map(one => one.id)"
SAID = "document.getElementById('shown').textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("page"), "web", "db", *EVIL, *HOSTILE)


def written(folder: Path, *names: str, filters: Filters | None = None) -> str:
    file = folder / "report.html"
    file.write_text("".join(as_html.render(make(*names, filters=filters), Layout())), encoding="utf-8")
    return file.as_uri()


def test_no_request_and_no_complaint(browser: Browser, address: str) -> None:
    browser.open(address)
    assert browser.requests == [address]
    assert browser.complaints == []
    assert browser.value("document.title").startswith("Container host report")
    assert browser.value("document.querySelectorAll('script').length") == 1
    assert browser.value("performance.getEntriesByType('resource').length") == 0


def test_the_browser_would_notice(browser: Browser, address: str, tmp_path: Path) -> None:
    page = Path(address.removeprefix("file://")).read_text(encoding="utf-8")
    worse = tmp_path / "worse.html"
    worse.write_text(page.replace("</main>", "<script>var owned = 1</script><img src=x.png></main>"), encoding="utf-8")
    browser.open(worse.as_uri())
    assert any("Content Security Policy" in said for said in browser.complaints)
    assert browser.value("typeof owned") == "undefined"


def test_names_are_exact_enough_to_be_found(browser: Browser, address: str) -> None:
    browser.open(address)
    cells = browser.value("[...document.querySelectorAll('#RUN-901 td.o')].map(cell => cell.textContent.trim())")
    assert set(EVIL) <= set(cells)


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", ["RUN-901", "RUN-907", "RUN-902", "RUN-903", "RUN-906"]),
        ("#sev=critical", ["RUN-901"]),
        ("#sev=high", ["RUN-902", "RUN-903"]),
        ("#sev=high,low&verdict=fail,unknown", ["RUN-907", "RUN-903"]),
        ("#domain=images", ["RUN-907"]),
        ("#verdict=waived&q=we%20know", ["RUN-906"]),
        ("#q=app:1", ["RUN-907"]),
        ("#q=nothing-like-it", []),
        ("#domain=nonsense&sev=%E0%A4%A", ["RUN-901", "RUN-907", "RUN-902", "RUN-903", "RUN-906"]),
    ],
)
def test_the_address_filters(browser: Browser, address: str, fragment: str, expected: list[str]) -> None:
    browser.open(address + fragment)
    assert browser.value(SHOWN) == expected
    assert browser.value("document.getElementById('none').checkVisibility()") is (not expected)
    assert browser.complaints == []


def test_searching_hides_rows(browser: Browser, address: str) -> None:
    browser.open(f"{address}#q=web&sev=critical")
    assert browser.value(SAID).startswith("1 of ")
    rows = "[...document.querySelectorAll('#RUN-901 tbody tr')].filter(row => row.checkVisibility()).length"
    assert browser.value(rows) == 1


def test_keys_and_boxes(browser: Browser, address: str) -> None:
    browser.open(address)
    key = {"key": "/", "text": "/", "code": "Slash", "windowsVirtualKeyCode": 191}
    browser.call("Input.dispatchKeyEvent", type="keyDown", **key)
    browser.call("Input.dispatchKeyEvent", type="keyUp", **key)
    assert browser.value("document.activeElement.name") == "q"
    browser.call("Input.insertText", text="accepted")
    browser.value("new Promise(done => setTimeout(done, 400))")
    assert browser.value(SHOWN) == ["RUN-906"]
    assert browser.value("location.hash") == "#q=accepted"
    browser.value("document.querySelector('button[type=reset]').click()")
    browser.value("document.querySelector('input[value=low]').click()")
    assert browser.value("location.hash") == "#sev=low"
    assert browser.value(SHOWN) == ["RUN-907"]


def test_a_link_to_a_check_opens_it(browser: Browser, address: str) -> None:
    browser.open(f"{address}#RUN-907")
    assert browser.value("document.getElementById('RUN-907').open") is True


def test_without_scripts_everything_is_there(browser: Browser, address: str) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(address)
        assert browser.value("document.getElementById('filter').checkVisibility()") is False
        assert len(browser.value(SHOWN)) == 5
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_on_paper_everything_is_open(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.value("document.querySelector('#RUN-903').open") is False
        assert browser.value("document.querySelector('#RUN-903 td').checkVisibility()") is True
        assert browser.value("document.getElementById('filter').checkVisibility()") is False
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, address: str, width: int) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    try:
        browser.open(address)
        browser.value("document.getElementById('open').click()")
        assert browser.value("document.documentElement.scrollWidth") <= width
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_both_colour_schemes_can_be_read(browser: Browser, address: str) -> None:
    browser.open(address)
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        assert browser.value(CONTRAST) >= 4.5, scheme
    browser.call("Emulation.setEmulatedMedia", features=[])


# The least contrast (WCAG 2.2, 1.4.3) of any text that is shown against what lies behind it.
CONTRAST = """
(() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3)
    .map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (numbers(colour)[3] !== 0) { return colour; }
    }
    return 'rgb(255,255,255)';
  };
  let least = 21;
  for (const one of document.querySelectorAll('body *:not(svg *)')) {
    if (!one.checkVisibility() || ![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) {
      continue;
    }
    const pair = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
    least = Math.min(least, (pair[0] + 0.05) / (pair[1] + 0.05));
  }
  return least;
})()
"""
