"""What the page does, without a browser: reading, showing, and keeping what people say."""

import io
import json
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app_gradio
from app_gradio.desk import Desk, grey_page
from app_gradio.models import LocalModel, RemoteModel
from app_gradio.options import parse
from app_gradio.shown import error, result
from tests.inference.tiny_model import draw_flag_page, save_tiny_model
from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.answers import tree_of
from text_recognizer.inference.picture_reading import Reading
from text_recognizer.inference.result import Page
from text_recognizer.monitoring.recorder import recorder_of
from text_recognizer.monitoring.stores import open_store


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return LocalModel(str(save_tiny_model(tmp_path_factory.mktemp("model"))), threads=1)


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(draw_flag_page(["abc", "bcd"])).save(tmp_path / "page.png")
    return tmp_path / "page.png"


class Server(BaseHTTPRequestHandler):
    """Answers as our servers do."""

    answer: tuple[int, bytes] = (200, b"")
    seen: list = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, body, dict(self.headers)))
        self.send_response(self.answer[0])
        self.end_headers()
        self.wfile.write(self.answer[1])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        Server.seen = []
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_picture_is_read_and_shown_with_frames_and_certainty(local, picture):
    desk = Desk(local)
    current = desk.read(picture)
    assert current.reading.text == "abc\nbcd"
    html = desk.shown(current, 0)
    assert html.count("<polygon") == 2 and html.count("<li>") == 2 and " %" in html and "2 lines" in html
    assert grey_page(current, 0).shape == (current.reading.pages[0].height, current.reading.pages[0].width)


def test_the_pages_of_a_file_are_shown_one_by_one(local, tmp_path):
    frames = [Image.fromarray(draw_flag_page([text])) for text in ("abc", "cde")]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    desk = Desk(local)
    current = desk.read(tmp_path / "two.tif")
    assert [">abc<" in desk.shown(current, 0), ">cde<" in desk.shown(current, 1)] == [True, True]
    assert "Page 2 of 2" in desk.shown(current, 1)


def test_text_from_a_picture_cannot_become_markup(local, picture):
    current = Desk(local).read(picture)
    (first, *_), page = current.reading.pages[0].lines, current.reading.pages[0]
    bad = Page((first.__class__(**{**vars(first), "text": "<script>alert(1)</script>&"}),), page.width, page.height)
    html = result(grey_page(current, 0), bad, Reading("<b>", (bad,), "<i>", 0.1))
    assert "<script>" not in html and "<i>" not in html and "&lt;script&gt;" in html
    assert "<b>x" not in error("<b>x")


@pytest.mark.parametrize(("content", "said"), [(b"\x89PNG broken", "picture"), (b"", "empty"), (b"%PDF-1.4 x", "")])
def test_a_broken_file_is_one_sentence(local, tmp_path, content, said):
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(UserError, match=said) as raised:
        Desk(local).read(tmp_path / "x.png")
    assert "\n" not in str(raised.value) and str(tmp_path) not in str(raised.value)


def test_readings_corrections_and_flags_are_kept(local, picture, tmp_path):
    recorder = recorder_of(str(tmp_path / "app.db"), keep_pictures=True, app="app_gradio")
    desk = Desk(local, recorder)
    current = desk.read(picture)
    desk.feedback(current, 0, "abc\nbce")
    desk.feedback(current, 0, None, "lines missing")
    recorder.close()
    with closing(open_store(str(tmp_path / "app.db"))) as store:
        (reading,), (corrected, flagged) = list(store.readings()), list(store.feedback())
    assert reading.features["lines"] == 2 and "brightness" in reading.features and reading.text is None
    assert {reading.request_id, corrected.request_id, flagged.request_id} == {current.request_id}
    assert corrected.picture == picture.read_bytes() and [line["text"] for line in corrected.lines] == ["abc", "bcd"]
    assert (flagged.flag, flagged.corrected_text) == ("lines missing", None)


def test_a_server_reads_as_the_model_here(local, picture, server):
    Server.answer = 200, json.dumps(tree_of(Desk(local).read(picture).reading)).encode()
    desk = Desk(RemoteModel(server, "secret"))
    current = desk.read(picture, line=True)
    assert current.reading.text == "abc\nbcd" and "<polygon" in desk.shown(current, 0)
    ((path, body, headers),) = Server.seen
    assert path == "/v1/read?line=yes" and body == picture.read_bytes()
    assert headers["Authorization"] == "Bearer secret" and headers["X-Request-Id"] == current.request_id


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((400, b'{"detail": "page.png: it is damaged; save it again"}'), "page.png: it is damaged; save it again"),
        ((401, b"{}"), "give one with --model-key"),
        ((503, b"<html>"), r"HTTP 503"),
        ((200, b"<html>hello"), "its answer is none of our reader's"),
        ((200, b'{"pages": [{"lines": 3}]}'), "its answer is none of our reader's"),
    ],
)
def test_what_a_server_says_is_told(picture, server, answer, said):
    Server.answer = answer
    with pytest.raises(UserError, match=said):
        Desk(RemoteModel(server)).read(picture)


def test_a_server_that_is_not_there_is_one_sentence(picture):
    with pytest.raises(UserError, match="cannot be reached"):
        Desk(RemoteModel("http://127.0.0.1:9")).read(picture)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/y", "", "http://"])
def test_an_address_must_be_one(url):
    with pytest.raises(UserError, match="--model-url"):
        RemoteModel(url)


@pytest.mark.parametrize(
    "words",
    [
        ["--model", "best", "--model-url", "http://x"],
        ["--model-key", "NONE_SUCH"],
        ["--model-url", "http://x", "--model-key", "NONE_SUCH"],
        ["--no-store", "--keep-text"],
        ["--port", "70000"],
        ["--prot", "1"],
    ],
)
def test_options_that_make_no_sense_are_refused(words):
    with pytest.raises(UsageError):
        parse(words)


def test_examples_are_small_and_can_be_read():
    files = sorted((Path(app_gradio.__file__).parent / "examples").glob("*.png"))
    assert len(files) == 3 and sum(path.stat().st_size for path in files) < 200_000
    assert all(np.asarray(Image.open(io.BytesIO(path.read_bytes()))).min() >= 0 for path in files)
