"""Readers in processes of their own: a vision endpoint on loopback stands for those that cost money."""

import base64
import io
import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from benchmarks.reading import jobs, peers
from benchmarks.reading.environment import cpu, program_version
from benchmarks.reading.sets import About, read_set, write_set
from benchmarks.reading.worker import in_rows, prepared
from tests.decoding.tiny_language_model import tiny_language_model
from tests.inference.tiny_model import save_tiny_model
from text_recognizer.decoding.language_path import LanguageOptions
from text_recognizer.errors import UserError
from text_recognizer.inference.recipe import Recipe, sha256_of


class Endpoint(BaseHTTPRequestHandler):
    """Says how wide the picture is that it is shown."""

    asked: list[dict] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({**body, "path": self.path, "key": self.headers["Authorization"]})
        picture = body["messages"][0]["content"][1]["image_url"]["url"]
        width = Image.open(io.BytesIO(base64.b64decode(picture.split(",")[1]))).width
        answer = json.dumps({"choices": [{"message": {"content": f"width {width}"}}]}).encode()
        self.send_response(200 if body["model"] != "broken" else 500)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def url(monkeypatch):
    Endpoint.asked = []
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture
def lines(tmp_path):
    drawn = [(np.full((20, width), 255, np.uint8), "x", "w") for width in (30, 60)]
    write_set(tmp_path / "set", About("line", "print"), drawn)
    return read_set(tmp_path / "set", "set")


def test_an_endpoint_is_asked_in_the_way_of_chat_completions(url, lines, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    reader = peers.endpoint(url, "some-model", "MY_KEY")
    assert jobs.answers(reader, lines, tmp_path) == ["width 30", "width 60"]
    question = Endpoint.asked[0]
    assert (question["path"], question["model"], question["key"]) == (
        "/v1/chat/completions",
        "some-model",
        "Bearer secret",
    )
    assert question["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert "secret" not in "".join(path.read_text() for path in tmp_path.glob("*.json"))


def test_what_was_read_once_is_not_read_again_unless_asked(url, lines, tmp_path):
    reader = peers.endpoint(url, "some-model", "NO_KEY")
    first = jobs.answers(reader, lines, tmp_path)
    count = len(Endpoint.asked)
    assert jobs.answers(reader, lines, tmp_path) == first and len(Endpoint.asked) == count
    jobs.answers(peers.endpoint(url, "another-model", "NO_KEY"), lines, tmp_path)
    assert len(Endpoint.asked) == 2 * count
    jobs.answers(reader, lines, tmp_path, fresh=True)
    assert len(Endpoint.asked) == 3 * count


def test_a_run_that_was_cut_short_goes_on_where_it_was(url, lines, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "PART", 1)
    reader = peers.endpoint(url, "some-model", "NO_KEY")
    jobs.answers(reader, lines, tmp_path)
    (kept,) = tmp_path.glob("*.json")
    content = json.loads(kept.read_text())
    kept.write_text(json.dumps({**content, "texts": ["kept"]}))
    assert jobs.answers(reader, lines, tmp_path) == ["kept", "width 60"]
    assert len(Endpoint.asked) == 3


def test_times_are_taken_in_turns(url, lines):
    found = [peers.endpoint(url, name, "NO_KEY") for name in ("a", "b")]
    costs = jobs.costs(found, lines, repeats=2)
    order = [question["model"] for question in Endpoint.asked]
    assert order == ["a"] * 3 + ["b"] * 3 + ["a"] * 3 + ["b"] * 3  # one picture to warm up, then both
    assert 0 < costs["a"].fastest <= costs["a"].ms <= costs["a"].slowest
    assert 5 < costs["a"].peak_mb < 100  # of the small worker, not of this process


def test_a_reader_that_fails_is_named(url, lines, tmp_path):
    with pytest.raises(UserError, match=r"broken on set: it failed \(.*500.*leave it out"):
        jobs.answers(peers.endpoint(url, "broken", "NO_KEY"), lines, tmp_path)


def test_boxes_are_joined_row_by_row():
    def box(left, top, right, bottom):
        return [(left, top), (right, top), (right, bottom), (left, bottom)]

    boxes = [box(200, 12, 300, 32), box(0, 50, 90, 70), box(0, 10, 90, 30), box(100, 53, 200, 73)]
    assert in_rows(boxes, ["b", "c", "a", "d"]) == "a b\nc d"


def test_programs_get_png_with_a_border_of_paper(tmp_path):
    Image.fromarray(np.full((20, 30), 200, np.uint8)).save(tmp_path / "x.jpg")
    (path,) = prepared([str(tmp_path / "x.jpg")], tmp_path, border=10)
    made = np.asarray(Image.open(path))
    assert path.endswith(".png") and made.shape == (40, 50) and abs(int(made[0, 0]) - 200) < 3
    assert prepared([path], tmp_path, border=0) == [path]


def test_shipped_models_are_found_in_the_folder_and_below(tmp_path):
    for name in ("fast", "best"):
        save_tiny_model(tmp_path / name)
    assert peers.shipped(tmp_path) == {"ours best": tmp_path / "best", "ours fast": tmp_path / "fast"}
    reader = peers.ours("fast", tmp_path / "fast")
    pages, alone = (reader.setting(About(unit, "print")).models for unit in ("page", "line"))
    assert [path.name for path in pages] == ["model.onnx", "segmenter.onnx"] and len(alone) == 1
    other = save_tiny_model(tmp_path / "other", name="changed")
    (other / "segmenter.onnx").write_bytes(b"another")
    assert peers.ours("fast", other).version != reader.version


def test_a_model_counts_with_its_language_model_unless_it_reads_greedily(tmp_path):
    folder, file = save_tiny_model(tmp_path / "best"), tiny_language_model(tmp_path / "lm.npz")
    recipe = Recipe.load(folder)
    replace(recipe, language_model=LanguageOptions(file.name, sha256_of(file))).save(folder)
    helped, greedy = (peers.ours("best", folder, alone).setting(About("line", "print")) for alone in (False, True))
    assert [path.name for path in helped.models] == ["model.onnx", "lm.npz"]
    assert [path.name for path in greedy.models] == ["model.onnx"]
    assert helped.options != greedy.options, "answers are kept by these"


def test_a_change_of_the_reading_code_is_a_new_version(tmp_path):
    (tmp_path / "inference").mkdir()
    (tmp_path / "inference" / "a.py").write_text("x = 1")
    before = peers.reading_code(tmp_path)
    (tmp_path / "inference" / "a.py").write_text("x = 2")
    assert peers.reading_code(tmp_path) != before


def test_a_program_that_is_missing_is_named():
    with pytest.raises(UserError, match="no-such-reader: this program is not installed"):
        program_version("no-such-reader")


def test_the_cpu_is_described_by_what_it_has_and_lacks(tmp_path):
    (tmp_path / "cpuinfo").write_text("model name\t: Some CPU\nflags\t\t: fpu avx2 avx512f avx512_vnni\n")
    shown = cpu(tmp_path / "cpuinfo")
    assert "Some CPU" in shown and "has avx2, avx512f, avx512_vnni; lacks avx_vnni, amx_int8" in shown
    assert "has none known" in cpu(tmp_path / "missing")
