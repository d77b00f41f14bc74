"""The page for people and the report, in a real Chromium: make test-real PART=page.

Photographs of every state are left in the folder that SCREENSHOTS names, or in pytest's own.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.api_server.odd_pages import odd_pages
from text_recognizer.image import open_images
from text_recognizer.inference.cli import main as text_recognizer
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.monitoring.records import FEATURES, Reading
from text_recognizer.monitoring.stores import open_store

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
LETTER = ROOT / "app_gradio/examples/1 a letter.png"
SCREENS = {  # width, height, colours
    "desktop": (1280, 860, "light"),
    "phone": (390, 844, "light"),
    "desktop-dark": (1280, 860, "dark"),
    "phone-dark": (390, 844, "dark"),
}
FLAGS = ["--no-sandbox", "--no-proxy-server", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
WATCHED = """
import runpy, sys
def watch(event, given):
    if event == "socket.connect" and isinstance(given[1], tuple): host = given[1][0]
    elif event == "socket.getaddrinfo": host = given[0]
    else: return
    host = host.decode() if isinstance(host, bytes) else host or ""
    if not (host in ("", "localhost", "::1", "0.0.0.0") or host.startswith("127.")):
        print("CALLED OUT:", event, host, file=sys.stderr, flush=True)
sys.addaudithook(watch)
sys.argv = ["app_gradio", *sys.argv[1:]]
runpy.run_module("app_gradio", run_name="__main__")
"""


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The address of the running page, its store, and what it wrote to stderr."""
    folder = tmp_path_factory.mktemp("app")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--port", str(port), "--store", str(folder / "app.db"), "--keep-pictures", "--threads", "1"]
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    with (folder / "stderr").open("w") as log:
        command = [sys.executable, "-c", WATCHED, *words]
        process = subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=subprocess.DEVNULL, env=environment)
    url = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(url, process)
        yield url, folder / "app.db", folder / "stderr"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        assert process.poll() is None, "the page ended"
        with suppress(OSError):
            opener.open(url, timeout=2).close()
            return
        time.sleep(0.1)
    raise TimeoutError(url)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, request):
    """Opens an address on a screen; fails when anything asks another host for anything, or throws."""
    contexts, outside, thrown = [], [], []

    def open_page(url: str, screen: str = "desktop"):
        width, height, colours = SCREENS[screen]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=colours)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        inside = (url.split("?")[0], "data:", "blob:", "file:")
        page.on("request", lambda asked: None if asked.url.startswith(inside) else outside.append(asked.url))
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert (outside, thrown) == ([], [])


def started(open_page, url: str, screen: str = "desktop"):
    page = open_page(url, screen)
    page.wait_for_selector(".panel.empty")
    return page


def upload(page, path: Path) -> None:
    page.set_input_files("#picture input[type=file]", str(path))


def check(page, name: str, shots: Path) -> None:
    """Photograph a state; fail on what axe calls serious, and when the page is wider than its screen."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_timeout(600)
    page.screenshot(path=shots / f"{name}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    serious = [
        (fault["id"], [node["html"][:160] for node in fault["nodes"]][:3])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert not serious, json.dumps(serious, indent=1)
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{name}: {wide[0]} px wide on a screen of {wide[1]}"


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    path = tmp_path_factory.mktemp("broken") / "holiday.png"
    path.write_bytes(LETTER.read_bytes()[:40])
    return path


@pytest.mark.parametrize("screen", SCREENS)
def test_every_state_looks_right_and_is_accessible(app, opened, broken, shots, screen):
    page = started(opened, app[0], screen)
    check(page, f"{screen}-empty", shots)
    upload(page, LETTER)
    page.wait_for_selector(".lines li")
    check(page, f"{screen}-result", shots)
    page = started(opened, app[0], screen)
    upload(page, broken)
    page.wait_for_selector(".panel.error")
    assert "holiday.png" in page.inner_text(".panel.error")
    check(page, f"{screen}-error", shots)


def test_an_uploaded_page_shows_its_text_its_frames_and_how_certain_it_is(app, opened, capsys):
    page = started(opened, app[0])
    upload(page, LETTER)
    page.wait_for_selector(".lines li")
    assert text_recognizer(["read", str(LETTER), "--threads", "1"]) == 0
    text = capsys.readouterr().out.strip()
    assert page.input_value("#text textarea").strip() == text  # the same as the command line reads
    assert page.locator(".said").all_inner_texts() == text.splitlines()
    assert page.locator("polygon.frame").count() == len(text.splitlines()) == 7
    assert all(share.endswith("%") for share in page.locator(".share").all_inner_texts())


def test_a_pdf_is_read_and_its_pages_can_be_turned(app, opened, tmp_path):
    pages = [Image.open(path).convert("L") for path in sorted((ROOT / "app_gradio/examples").glob("*.png"))]
    pages[0].save(tmp_path / "three.pdf", save_all=True, append_images=pages[1:], resolution=120)
    page = started(opened, app[0])
    with page.expect_file_chooser() as chooser:
        page.click("#document")
    chooser.value.set_files(str(tmp_path / "three.pdf"))
    page.wait_for_selector("text=Page 1 of 3")
    page.click("#number input")
    page.click("[role=option]:has-text('Page 3')")
    page.wait_for_selector("text=Page 3 of 3")
    assert "bridge" in page.input_value("#text textarea")


def test_a_picture_can_be_pasted(app, opened):
    page = started(opened, app[0])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async (bytes) => { const blob = new Blob([new Uint8Array(bytes)], {type: 'image/png'});
        await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]) }""",
        list(LETTER.read_bytes()),
    )
    page.click("#picture button[aria-label='Paste from clipboard']")
    page.wait_for_selector(".lines li")
    assert page.locator(".lines li").count() == 7


def test_the_camera_takes_a_picture_that_is_read(app, opened):
    page = started(opened, app[0])
    page.click("#picture button[aria-label='Capture from camera']")
    page.click("#picture button:has-text('Access Webcam')")
    page.wait_for_timeout(1500)
    page.click("#picture [title='capture photo'], #picture button[aria-label*='capture photo' i]")
    page.wait_for_selector("#shown .told")  # a test card has no text, or digits


def tab_to(page, selector: str, most: int = 60) -> None:
    """Press Tab until something within `selector` has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(at) => !!document.activeElement.closest(at)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def test_with_the_keyboard_alone_a_text_is_read_corrected_and_learnt_from(app, opened, tmp_path, capsys):
    page = started(opened, app[0])
    tab_to(page, "#examples button, .gallery button, button.gallery-item")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lines li")
    tab_to(page, "#text textarea")
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    tab_to(page, "#send")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=your correction is kept")
    tab_to(page, "#flag input")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    tab_to(page, "#flagged")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=the flag is kept")
    time.sleep(1)
    assert text_recognizer(["monitor", "export", str(app[1]), "--out", str(tmp_path / "lines")]) == 0
    texts = [path.read_text() for path in (tmp_path / "lines").glob("*.gt.txt")]
    assert any(text.endswith("!\n") for text in texts) and len(texts) > 0


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report on a week of which the last day went wrong."""
    folder, dice, now = tmp_path_factory.mktemp("report"), np.random.default_rng(2), 1_790_000_000.0
    with closing(open_store(str(folder / "good.db"), create=True)) as store:
        store.append([_reading(dice, now + 1500 * n, 0.0) for n in range(400)])
    with closing(open_store(str(folder / "all.db"), create=True)) as store:
        store.append([_reading(dice, now + 1500 * n, 0.0 if n < 330 else 0.1) for n in range(400)])
    reference = ["--reference", str(folder / "reference.json")]
    assert text_recognizer(["monitor", "reference", str(folder / "good.db"), "--out", reference[1]]) == 0
    assert (
        text_recognizer(["monitor", "report", str(folder / "all.db"), "--out", str(folder / "r.html"), *reference]) == 0
    )
    return folder / "r.html"


def _reading(dice: np.random.Generator, at: float, worse: float) -> Reading:
    usual = {"seconds": 0.4, "characters": 300, "lines": 9, "line_length": 34, "megapixels": 2.1, "surprise": 2.2}
    of = {name: float(dice.normal(usual.get(name, 0.8), 0.05 * usual.get(name, 0.8))) for name in FEATURES}
    of |= {"confidence": of["confidence"] - worse, "sharpness": of["sharpness"] - 2 * worse}
    return Reading(at, "", "best-0123456789abcdef", "api_server", of)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_report_opens_in_a_browser(report, opened, shots, screen):
    page = opened(report.as_uri(), screen)
    assert "2 alarms" in page.inner_text(".state.bad")
    assert page.locator("figure svg").count() == 15
    check(page, f"report-{screen}", shots)


def test_the_program_never_called_out(app):
    time.sleep(2)  # what is sent in the background is sent by now
    assert "CALLED OUT" not in app[2].read_text() and "Traceback" not in app[2].read_text()


def test_its_client_gets_the_text_of_200_odd_pictures_that_python_gets(app, tmp_path):
    """The page shows a file's first page first; that is what is compared."""
    from gradio_client import Client, handle_file

    client = Client(app[0], verbose=False)
    reader = PageReader(LineRecognizer.load("best", 1), segmenter=Segmenter.load("best", 1))
    different = []
    for name, content in odd_pages(200):
        (tmp_path / name).write_bytes(content)
        text = client.predict(handle_file(tmp_path / name), False, api_name="/read_picture")[2]
        first = next(iter(open_images(tmp_path / name)))
        different += [name] if text != reader.read(first).text else []
    assert different == []
