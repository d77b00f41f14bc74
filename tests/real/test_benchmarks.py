"""What benchmarks start: Tesseract, and Chromium by Playwright: make test-real PART=benchmarks."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.reading import browser_sets, jobs, peers
from benchmarks.reading.sets import About, read_set, write_set
from tests.benchmarks.test_browser_sets import fonts  # noqa: F401  a fixture
from text_recognizer.synth.fonts import dependency_faces

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]


def test_the_boxes_of_a_printed_page_hold_its_lines(fonts, tmp_path):  # noqa: F811
    subprocess.run(["make", "bench-env"], cwd=ROOT, check=True)
    plan = browser_sets.page_plans(fonts)["browser-print"][0] | {"heading": True, "columns": 2}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        browser_sets.run_browser({"folder": str(tmp_path / name), "chromium": "/usr/bin/chromium", "pages": [plan]})
    lines = json.loads((tmp_path / "a/0.json").read_text())
    assert " ".join(line["text"] for line in lines) == " ".join(plan["paragraphs"])
    page_HWC = np.asarray(Image.open(tmp_path / "a/0.png")).astype(int)
    assert np.array_equal(page_HWC, np.asarray(Image.open(tmp_path / "b/0.png")))  # degraded alike each time
    for line in lines:
        left, top, right, bottom = (round(value) for value in line["box"])
        assert page_HWC[top:bottom, left:right].min() < 100  # ink
        assert page_HWC[top:bottom, left:right].max() > 150  # on paper


def test_tesseract_answers_for_each_picture_of_a_list(tmp_path):
    (face,) = (face for face in dependency_faces() if face.path.name == "DejaVuSans.ttf")
    drawn = []
    for text in ("the first line", "and the second"):
        picture = Image.new("L", (400, 60), 255)
        ImageDraw.Draw(picture).text((10, 10), text, 0, face.at(30))
        drawn.append((np.asarray(picture), text, "font"))
    write_set(tmp_path / "set", About("line", "print"), drawn)
    answers = jobs.answers(peers.tesseract(), read_set(tmp_path / "set", "s"), tmp_path)
    assert [text.strip() for text in answers] == ["the first line", "and the second"]
