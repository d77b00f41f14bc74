"""Drafts from another reader: an endpoint on loopback that reads flags as our tiny model does, but for some."""

import base64
import csv
import io
import json
import os
import re
import stat
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page, draw_flags
from text_recognizer.data.own_data import read_own_data
from text_recognizer.inference.cli import main
from text_recognizer.inference.labelling.endpoint import chat_address

TEXTS = {"one": ["abcdeabcde", "ddccbbaaee"], "two": ["eeaeeaeebe"], "deep/three": ["cdcdcdcd", "abab", "bdcd"]}
ALL = {f"{page}-{number:03d}": text for page, texts in TEXTS.items() for number, text in enumerate(texts, 1)}
SECRET = "key-7Q2x"


class Endpoint(ThreadingHTTPServer):
    """Answers as a chat endpoint does; `script` holds what it does instead, in turn, and `says` what it misreads."""

    def __init__(self, recognizer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.recognizer, self.asked, self.script, self.says = recognizer, [], [], {}
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    def read(self, url: str) -> str:
        picture = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))
        text = self.recognizer.read([np.asarray(picture)[10:-10, 10:-10]])[0].text
        return self.says.get(text, text)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({**body, "path": self.path, "key": self.headers["Authorization"]})
        status, headers, content = self.server.script.pop(0) if self.server.script else (200, {}, None)
        time.sleep(headers.pop("delay", 0))
        if content is None:
            url = body["messages"][0]["content"][1]["image_url"]["url"]
            content = json.dumps({"choices": [{"message": {"role": "assistant", "content": self.server.read(url)}}]})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content.encode())

    do_GET = do_POST

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint(recognizer, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("LABEL_API_KEY", SECRET)
    with Endpoint(recognizer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def scans(tmp_path):
    for name, texts in TEXTS.items():
        path = tmp_path / f"scans/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw_flag_page(texts)).save(path)
    return tmp_path / "scans"


@pytest.fixture
def label(model_folder, endpoint, tmp_path, capsys):
    """Run `text-recognizer label` into `drafts` and return exit code, output and errors."""

    def run(*words: object, out: Path = tmp_path / "drafts", teacher: tuple = ()) -> tuple[int, str, str]:
        teacher = teacher or ("--teacher", endpoint.url, "--teacher-model", "flags-vl")
        given = ["label", *words, "--out", out, *teacher, "--model", model_folder]
        code = main([str(word) for word in given])
        captured = capsys.readouterr()
        assert SECRET not in captured.out + captured.err
        return code, captured.out, captured.err

    return run


def texts_in(folder: Path) -> dict[str, str]:
    paths = folder.rglob("*.gt.txt")
    return {path.relative_to(folder).as_posix().removesuffix(".gt.txt"): path.read_text().strip() for path in paths}


def rows_of(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "drafts.tsv").open(newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream, dialect="excel-tab")}


def test_lines_and_drafts_are_the_default_layout_of_own_data(label, scans, tmp_path):
    code, out, err = label(scans)
    assert (code, err) == (0, "") and out.startswith(f"6 lines of 3 pages: 6 drafts written to {tmp_path / 'drafts'};")
    assert texts_in(tmp_path / "drafts") == ALL
    data = read_own_data(tmp_path / "drafts")
    assert (data.layout, data.faults) == ("pairs", [])
    assert {line.name.removesuffix(".png"): line.text for line in data.lines} == ALL
    assert {line.page for line in data.lines} == set(TEXTS), "the lines of a page stay in one split"


def test_the_endpoint_is_asked_for_each_line_with_the_key_of_the_environment(label, scans, endpoint, tmp_path):
    label(scans)
    question = endpoint.asked[0]
    assert len(endpoint.asked) == 6
    assert (question["path"], question["model"]) == ("/v1/chat/completions", "flags-vl")
    assert question["key"] == f"Bearer {SECRET}" and question["temperature"] == 0
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in written


def test_the_table_tells_what_both_readers_say(label, scans, endpoint, tmp_path):
    endpoint.says = {"abab": " Abab\n\ta\u0301 ", "bdcd": ""}
    assert "1 without a draft; both readers agree on 4;" in label(scans)[1]
    rows = rows_of(tmp_path / "drafts")
    assert list(rows) == ["deep/three-001", "deep/three-002", "deep/three-003", "one-001", "one-002", "two-001"]
    row = rows["deep/three-002"]
    assert (row["teacher"], row["ours"], row["agree"], row["state"]) == ("Abab \u00e1", "abab", "no", "draft")
    assert row["page"] == f"{scans / 'deep/three.png'}#1" and float(row["confidence"]) > 0.5
    left, top, right, bottom = map(int, row["box"].split())
    assert 20 < left < 40 < right and 80 < top < 95 < 115 < bottom < 130, "the second line of the page"
    assert rows["deep/three-003"]["state"] == "none" and "deep/three-003" not in texts_in(tmp_path / "drafts")
    assert texts_in(tmp_path / "drafts")["deep/three-002"] == "Abab \u00e1"
    assert (tmp_path / "drafts/deep/three-003.png").exists(), "a person may write its text"


def test_the_page_to_look_through_begins_with_what_the_readers_differ_in(label, scans, endpoint, tmp_path):
    endpoint.says = {"eeaeeaeebe": "<script>alert(1)</script>", "cdcdcdcd": ""}
    os.rename(scans / "two.png", scans / "a #2%.png")
    label(scans)
    page = (tmp_path / "drafts/index.html").read_text()
    assert 0 < page.index('<h2 id="differ">') < page.index("&lt;") < page.index('<h2 id="none">')
    assert page.index('<h2 id="none">') < page.index('<h2 id="agree">')
    assert "<script" not in page and 'src="a%20%232%25-001.png"' in page and "//" not in page
    assert (tmp_path / "drafts/a #2%-001.png").exists()


def test_a_second_run_keeps_what_a_person_wrote_and_adds_what_is_missing(label, scans, endpoint, tmp_path):
    label(scans)
    (tmp_path / "drafts/one-002.gt.txt").write_text("corrected by hand")
    (tmp_path / "drafts/two-001.gt.txt").unlink()
    Image.fromarray(draw_flag_page(["edcba"])).save(scans / "zero.png")
    code, out, err = label(scans)
    assert (code, err) == (0, "") and "7 lines of 4 pages: 2 drafts written" in out and "5 texts kept as they" in out
    assert texts_in(tmp_path / "drafts") == {**ALL, "one-002": "corrected by hand", "zero-001": "edcba"}
    assert len(endpoint.asked) == 7, "what the teacher has answered is not asked again"
    assert rows_of(tmp_path / "drafts")["one-002"]["state"] == "kept"
    page = re.sub("</?mark>", "", (tmp_path / "drafts/index.html").read_text())
    assert page.index('<h2 id="kept">') < page.index("corrected by hand") and page.count("<article>") == 7
    assert {line.text for line in read_own_data(tmp_path / "drafts").lines} >= {"corrected by hand", "edcba"}


def test_a_picture_that_became_another_is_not_mixed_with_old_drafts(label, scans, endpoint, tmp_path):
    label(scans)
    Image.fromarray(draw_flag_page(["aaaa", "bbbb", "cccc"])).save(scans / "one.png")
    code, _, err = label(scans)
    assert code == 1 and f"{scans / 'one.png'}#1: one-001.png in" in err and "shows something else" in err
    assert texts_in(tmp_path / "drafts") == ALL


@pytest.mark.parametrize(
    ("status", "headers", "content", "said"),
    [
        (
            429,
            {"Retry-After": "2"},
            '{"error": {"message": "slow down"}}',
            "it answers 429 (slow down)",
        ),
        (500, {}, "<html>oops</html>", "it answers 500; asked again in 1 s"),
        (200, {}, "<html>a login page</html>", "its answer is not that of a chat endpoint; asked again in 1 s"),
        (200, {}, '{"choices": []}', "its answer is not that of a chat endpoint"),
        (200, {"delay": 1.5}, None, "(no answer within 1 s); asked again"),
        (200, {"Content-Length": "9999"}, "{", "its answer is not that of a chat endpoint"),  # the connection is cut
    ],
)
def test_a_failure_that_passes_is_waited_for(status, headers, content, said, label, scans, endpoint, tmp_path):
    endpoint.script = [(200, {}, None), (status, headers, content)]
    began = time.monotonic()
    code, out, err = label(scans, "--timeout", 1)
    assert code == 0 and "6 drafts" in out and said in err
    assert texts_in(tmp_path / "drafts") == ALL and len(endpoint.asked) == 7
    assert time.monotonic() - began >= float(headers.get("Retry-After", 1))


@pytest.mark.parametrize(
    ("status", "headers", "content", "said"),
    [
        (500, {}, "", "it answers 500;"),
        (429, {"Retry-After": "86400"}, "", "it answers 429, and asks for a wait of 86400 s;"),
        (
            404,
            {},
            '{"error": {"message": "no model flags-vl"}}',
            "404 (no model flags-vl); check the URL and",
        ),
        (401, {}, f'{{"error": "{SECRET} is wrong"}}', "it answers 401, the key in LABEL_API_KEY is not accepted;"),
        (400, {}, f'{{"error": "got {SECRET}"}}', "it answers 400 (got ***);"),
    ],
)
def test_a_failure_that_stays_is_named_and_a_next_run_goes_on(
    status, headers, content, said, label, scans, endpoint, tmp_path
):
    endpoint.script = [(200, {}, None)] * 2 + [(status, headers, content)]
    code, out, err = label(scans, "--tries", 1)
    assert (code, out) == (1, "") and f"{endpoint.url}: " in err and said in err
    assert err.endswith(f"2 drafts are saved in {tmp_path / 'drafts'}; run the same command again to go on\n")
    assert len(texts_in(tmp_path / "drafts")) == 2 and not (tmp_path / "drafts/drafts.tsv").exists()
    assert "This run ended early" in (tmp_path / "drafts/index.html").read_text()
    assert label(scans)[0] == 0 and len(endpoint.asked) == 2 + 1 + 4
    assert texts_in(tmp_path / "drafts") == ALL and len(rows_of(tmp_path / "drafts")) == 6


def test_nobody_but_the_named_host_is_asked(label, scans, endpoint, recognizer):
    with Endpoint(recognizer) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        endpoint.script = [(302, {"Location": f"{other.url}/chat/completions"}, "")]
        code, _, err = label(scans)
        other.shutdown()
    assert code == 1 and "it answers 302 and names another address" in err
    assert other.asked == [] and other.url not in err


def test_an_endpoint_that_is_not_there_is_named(label, scans, endpoint):
    nobody = ("--teacher", "http://127.0.0.1:1/v1", "--teacher-model", "m", "--tries", 2)
    code, _, err = label(scans, teacher=nobody)
    assert code == 1 and "it cannot be reached or breaks off (Connection refused), asked 2 times; 0 drafts" in err


def test_only_lines_that_both_readers_agree_on_are_kept_if_asked_so(label, scans, endpoint, tmp_path):
    endpoint.says = {"abab": "abad", "abcdeabcde": "abcdeabcda", "bdcd": ""}
    out = label(scans, "--agreed", 10)[1]
    assert "2 left out, as both readers disagree" in out
    data = read_own_data(tmp_path / "drafts")
    left = {"deep/three-002", "deep/three-003"}
    assert {line.name.removesuffix(".png") for line in data.lines} == ALL.keys() - left and not data.faults
    assert {name for name, row in rows_of(tmp_path / "drafts").items() if row["state"] == "left out"} == left


def test_pictures_of_lines_keep_their_names(label, tmp_path):
    (tmp_path / "lines").mkdir()
    for text in ("abc", "cde"):
        Image.fromarray(255 - draw_flags(text)).save(tmp_path / f"lines/{text}.png")  # light on dark
    label(tmp_path / "lines", "--line")
    assert texts_in(tmp_path / "drafts") == {"abc": "abc", "cde": "cde"}
    assert np.median(np.asarray(Image.open(tmp_path / "drafts/abc.png"))) > 128, "as the reader sees it"


def test_pages_of_one_file_are_told_apart_and_chosen(label, tmp_path):
    pages = [Image.fromarray(draw_flag_page(texts)) for texts in TEXTS.values()]
    (tmp_path / "books").mkdir()
    for suffix in ("tif", "pdf"):
        pages[0].save(tmp_path / f"books/{suffix}.{suffix}", save_all=True, append_images=pages[1:], resolution=100)
    label(tmp_path / "books", "--pages", "2-", "--limit", 6, "--dpi", 100)
    names = [f"{book}-p{page}" for book in ("pdf", "tif") for page in ("002-001", "003-001", "003-002", "003-003")]
    assert sorted(rows_of(tmp_path / "drafts")) == names[:6]


def test_bad_pictures_are_named_and_stop_no_others(label, scans, tmp_path):
    (scans / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = label(scans)
    assert code == 1 and "6 drafts" in out and err.startswith(f"{scans / 'broken.png'}: this is not a picture")
    assert texts_in(tmp_path / "drafts") == ALL


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "the following arguments are required: FOLDER, --teacher, --out"),
        (("x", "--teacher", "ftp://x", "--out", "y"), 2, "is neither tesseract nor a URL"),
        (("x", "--teacher", "http://u:pass@x", "--out", "y"), 2, "the URL holds a user or password"),
        (("x", "--teacher", "http://x", "--out", "y"), 2, "--teacher-model: is needed with an endpoint"),
        (("x", "--teacher", "tesseract", "--teacher-model", "m", "--out", "y"), 2, "--teacher-model: is for endpoints"),
        (("x", "--teacher", "tesseract", "--language", "-x", "--out", "y"), 2, "expected one argument"),
        (("x", "--teacher", "tesseract", "--agreed", "x", "--out", "y"), 2, "'x' is not a number from 0 to 100"),
        (("x", "--teacher", "tesseract", "--out", "y", "--boxes", "z"), 2, "'--boxes' is not an option"),
        (("{here}", "--teacher", "tesseract", "--out", "{here}/y"), 2, "where a next run looks for pages"),
    ],
)
def test_a_wrong_call_is_one_sentence(words, code, said, tmp_path, capsys):
    assert main(["label", *(word.format(here=tmp_path) for word in words)]) == code
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "pass@" not in error


def test_a_key_given_in_place_of_its_variable_is_not_shown(capsys):
    for key in ("sk-live-1234", "sk1234"):
        words = ["label", "x", "--out", "y", "--teacher", "http://x", "--teacher-model", "m", "--teacher-key", key]
        assert main(words) == 2 and key not in capsys.readouterr().err


def test_addresses_are_completed():
    assert chat_address("http://x/v1") == chat_address("http://x/v1/chat/completions/")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a shell program into PATH in place of Tesseract."""

    def make(script: str) -> None:
        path = tmp_path / "bin/tesseract"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")

    return make


TEACHER = ("--teacher", "tesseract")
LISTING = 'if [ "$1" = --list-langs ]; then printf "List of languages (3):\\neng\\nfra\\nosd\\n"; exit; fi\n'


def test_a_missing_tesseract_is_named_with_its_packages(label, scans, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = label(scans, "--language", "fra+chi_sim", teacher=TEACHER)
    assert code == 1 and "the Debian packages tesseract-ocr and tesseract-ocr-fra tesseract-ocr-chi-sim" in err


def test_a_missing_language_is_named_with_those_there_are(label, scans, program):
    program(LISTING)
    code, _, err = label(scans, "--language", "fra+deu", teacher=TEACHER)
    assert code == 1 and "Tesseract has no deu here, it has eng, fra; install" in err and "tesseract-ocr-deu," in err


def test_a_tesseract_that_breaks_down_is_named(label, scans, program, tmp_path):
    program(LISTING + 'if [ "$1" = --version ]; then echo 9; exit; fi; echo "no memory" >&2; exit 3')
    code, _, err = label(scans, teacher=TEACHER)
    assert code == 1 and "it can read none of 6 lines (`tesseract` ended with 3: no memory)" in err
    assert not texts_in(tmp_path / "drafts")
