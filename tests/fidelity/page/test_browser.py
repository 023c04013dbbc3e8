from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ganaug.fidelity import FidelityReport

PHONE, DESK = (390, 844), (1280, 900)


class Seen(NamedTuple):
    page: Page
    said: list[str]
    asked: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None and "CI" not in os.environ:
        pytest.skip("there is no `chromium` to open the page in")
    assert chromium is not None, "there is no `chromium` to open the page in"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def file(refused: FidelityReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "data.report.html"
    file.write_text(refused.to_html(), encoding="utf-8")
    return file


@pytest.fixture(params=[(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")], ids=str)
def seen(browser: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Seen]:
    (width, height), scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    context.route("**", lambda route: (asked.append(route.request.url), route.continue_()))
    page.goto(file.as_uri())
    yield Seen(page, said, asked)
    context.close()


def test_the_page_is_whole_in_a_browser(seen: Seen, file: Path, refused: FidelityReport) -> None:
    page = seen.page
    verdict = page.locator("h1")
    assert verdict.inner_text().startswith("Refused:")
    box = verdict.bounding_box()
    assert box is not None
    assert 0 < box["y"] + box["height"] < page.viewport_size["height"], "the verdict is on the first screen"

    assert {section.get_attribute("id") for section in page.locator("section.drawing").all()} == set(refused.pictures)
    figures = page.locator("figure svg")
    assert figures.count() > len(refused.pictures)
    for box in [figure.bounding_box() for figure in figures.all()]:
        assert box["width"] > 200, "a picture is too small to be read"
        assert box["height"] > 40
        assert 0 <= box["x"] <= page.viewport_size["width"] - box["width"]

    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert seen.said == []
    assert seen.asked == [file.as_uri()]


def test_pictures_stand_out_from_the_page_in_the_light_and_in_the_dark(seen: Seen) -> None:
    colours = """() => [...document.querySelectorAll("figure svg text")].map(text => [
        getComputedStyle(text).fill, getComputedStyle(text.closest(".drawing")).backgroundColor])"""
    for pair in seen.page.evaluate(colours):
        ink, card = (_luminance(colour) for colour in pair)
        assert (max(ink, card) + 0.05) / (min(ink, card) + 0.05) > 4.5, f"{pair[0]} on {pair[1]}"


def test_every_picture_has_its_own_ids(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    page.close()


def test_the_page_prints(browser: Browser, file: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    channels = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
