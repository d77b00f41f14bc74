"""The command line, Python, the server and the Lambda function read alike: not one character differs."""

import json

import pytest

from api_serverless.function import Function
from tests.api_server.odd_pages import odd_pages
from tests.api_server.running import RunningServer
from tests.api_serverless.events import v1, v2
from text_recognizer.image import open_images
from text_recognizer.inference.cli import main
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter

COUNT = 24


def differ(one, other):
    """Return whether a text differs, or a confidence by more than a thousandth."""
    lines, others = ([line for page in pages for line in page["lines"]] for pages in (one, other))
    if [line["text"] for line in lines] != [line["text"] for line in others] or len(one) != len(other):
        return True
    return any(abs(a["confidence"] - b["confidence"]) > 1e-3 for a, b in zip(lines, others, strict=True))


@pytest.mark.parametrize("count", [COUNT, pytest.param(200, marks=pytest.mark.slow)])
def test_all_front_ends_give_the_same_text(tmp_path, count):
    pages = dict(odd_pages(count))
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name, content in pages.items():
        (folder / name).write_bytes(content)
    code = main(["read", str(folder), "--model", "fast", "--threads", "1", "--format", "json", "--out", str(out)])
    assert code == 0
    reader = PageReader(LineRecognizer.load("fast", 1), segmenter=Segmenter.load("fast", 1))
    function = Function({"LAB_MODEL": "fast"})
    different = []
    with RunningServer("fast") as server:
        for name, content in pages.items():
            given = {
                "command line": json.loads((out / name).with_suffix(".json").read_text())["pages"],
                "python": [reader.read(grey_HW).to_dict() for grey_HW in open_images(folder / name)],
                "server": server.read(content).tree["pages"],
                "api gateway v1": json.loads(function(v1(content, "image/png"))["body"])["pages"],
                "function url": json.loads(function(v2(content))["body"])["pages"],
            }
            different += [(name, front) for front, read in given.items() if differ(read, given["command line"])]
    assert different == []
