"""Pictures that are no pages, and files that are damaged: no crash, no long wait, nothing read where nothing stands."""

import io
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.inference.drawn_pages import draw_page, font
from text_recognizer.errors import UserError
from text_recognizer.image import open_image
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.synth.pages import PageSynthesiser


@cache
def reader() -> PageReader:
    return PageReader(LineRecognizer.load(threads=1), segmenter=Segmenter.shipped(1))


def nothing_to_read() -> dict[str, np.ndarray]:
    dice = np.random.default_rng(0)
    clouds = Image.fromarray(dice.integers(0, 256, (600, 800), dtype=np.uint8)).filter(ImageFilter.GaussianBlur(12))
    shapes = Image.new("L", (800, 600), 230)
    pen = ImageDraw.Draw(shapes)
    pen.ellipse((100, 100, 400, 350), outline=20, width=6)
    pen.rectangle((450, 80, 700, 500), fill=60)
    grid = np.full((600, 800), 240, np.uint8)
    grid[::20], grid[:, ::20] = 150, 150
    pages = {
        "blank": np.full((1_100, 850), 250),
        "black": np.zeros((600, 800)),
        "one pixel": np.full((1, 1), 90),
        "gaussian noise": np.clip(dice.normal(180, 40, (800, 600)), 0, 255),
        "uniform noise": dice.integers(0, 256, (700, 500)),
        "salt and pepper": 255 * (dice.random((600, 600)) < 0.5),
        "clouds": np.asarray(clouds),
        "shapes": np.asarray(shapes),
        "squared paper": grid,
        "shade": np.tile(np.linspace(40, 250, 900), (500, 1)),
        "30,000 px wide": np.full((40, 30_000), 240),
        "30,000 px wide noise": dice.integers(0, 256, (10, 30_000)),
        "30,000 px high": np.full((30_000, 12), 240),
    }
    return {name: page.astype(np.uint8) for name, page in pages.items()}


@pytest.mark.parametrize("name", nothing_to_read())
def test_nothing_is_read_with_confidence_where_nothing_stands(name):
    started = time.perf_counter()
    page = reader().read(nothing_to_read()[name])
    assert time.perf_counter() - started < 20
    assert [line.text for line in page.lines if line.confidence > 0.6 and len(line.text) > 2] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_five_hundred_damaged_copies_of_a_page_are_each_read_or_refused(kind):
    stream = io.BytesIO()
    Image.fromarray(draw_page(1, 3, size=(320, 200)).grey_HW).save(stream, format=kind)
    whole, dice, read = np.frombuffer(stream.getvalue(), np.uint8), np.random.default_rng(1), 0
    for _ in range(500):
        damaged = whole.copy()
        places = dice.integers(0, len(whole), dice.integers(1, 12))
        damaged[places] = dice.integers(0, 256, len(places))
        content = damaged[: dice.integers(1, len(whole) + 1) if dice.random() < 0.2 else len(whole)].tobytes()
        started = time.perf_counter()
        try:
            reader().read(open_image(content))
            read += 1
        except UserError as error:
            assert "; " in str(error)
        assert time.perf_counter() - started < 10
    assert read > 0


def test_a_picture_that_unpacks_to_more_than_is_read_is_refused_unread():
    header = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(header, format="PNG")  # 400 million pixels in 49 KB
    with pytest.raises(UserError, match="pixels|longest side|at most"):
        open_image(header.getvalue())


FOREIGN = {
    "Cyrillic": [
        "Съешь ещё этих мягких французских булок",
        "да выпей же чаю, мой дорогой друг",
        "Широкая электрификация",
    ],
    "Greek": ["Ξεσκεπάζω την ψυχοφθόρα βδελυγμία", "Γαζίες και μυρτιές δεν θα βρω πια", "στο χρυσαφί ξέφωτο"],
    "Arabic": ["ﺮﻀﺧﻷﺍ ﻞﺒﺠﻟﺍ ﻰﻟﺇ ﺐﻫﺫ", "ﺪﻳﺪﺟ ﺏﺎﺘﻛ ﺍﺬﻫ", "ﺔﻣﻼﺴﻟﺍ ﻊﻣ"],
    "Armenian": ["Բոլոր մարդիկ ծնվում են ազատ", "ու հավասար իրենց արժանապատվությամբ", "ու իրավունքներով"],
    "signs": ["∮∯∰∱∲∳∴∵∶∷∸∹∺∻", "♔♕♖♗♘♙♚♛♜♝♞♟☀☁☂", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍"],
}
"""Text in scripts that no model was trained on, as far as the fonts that come with matplotlib have them."""


LATIN = [
    "Voix ambiguë d'un cœur qui préfère",
    "Zażółć gęślą jaźń, the quick brown",
    "fox jumps over 12 lazy dogs; Größe",
]


def confidences(texts: list[str]) -> list[float]:
    """Return how sure lines are read that are set in three faces and sizes."""
    found = []
    for name, px in (("DejaVuSans", 22), ("DejaVuSans-Bold", 30), ("DejaVuSans-Oblique", 40)):
        page = Image.new("L", (900, 420), 245)
        pen = ImageDraw.Draw(page)
        for row, text in enumerate(2 * texts):
            pen.text((30, 30 + 62 * row), text, fill=25, font=font(name, px))
        found += [line.confidence for line in reader().read(np.asarray(page)).lines]
    return found


@pytest.mark.parametrize("script", FOREIGN)
def test_foreign_scripts_are_read_with_less_confidence_than_latin_text(script):
    foreign, latin = np.array(confidences(FOREIGN[script])), np.array(confidences(LATIN))
    assert (foreign > np.quantile(latin, 0.1)).mean() <= 0.1  # what keeps nine lines of ten refuses nine of these


PROGRAM = """
import re, sys
from text_recognizer.inference.cli import main
code = main(["read", "--threads", "1", sys.argv[1]])
print(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1], file=sys.stderr)
sys.exit(code)
"""


def peak_of_the_program(picture: Path) -> tuple[int, float]:
    """Return how many lines `text-recognizer read` prints, and its peak memory in MB."""
    command = [sys.executable, "-c", PROGRAM, str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.count("\n"), int(done.stderr.split()[-1]) / 1024


def written_page() -> Image.Image:
    """Return handwriting that the language model is asked about, on a page 3,000 px high."""
    synthesiser = PageSynthesiser(seed=3, split="validation", handwriting=1.0, lines=(22, 22))
    page = Image.fromarray(synthesiser.page(1).image_HW)
    return page.resize((round(page.width * 3_000 / page.height), 3_000), Image.Resampling.BILINEAR)


def printed_page() -> Image.Image:
    return Image.fromarray(draw_page(1, 28, size=(2200, 3000), text_px=60).grey_HW)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(("mode", "kind"), [("L", "png"), ("RGB", "png"), ("RGB", "jpg")])
@pytest.mark.parametrize("page", [written_page, printed_page])
def test_reading_a_page_of_three_thousand_pixels_takes_less_than_200_mb(page, mode, kind, tmp_path):
    page().convert(mode).save(tmp_path / f"page.{kind}")
    lines, megabytes = peak_of_the_program(tmp_path / f"page.{kind}")
    assert lines >= 20
    assert megabytes < 200


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("shape", [(40, 30_000), (30_000, 12), (3_000, 3_000)])
def test_noise_of_any_shape_takes_bounded_memory(shape, tmp_path):
    dice = np.random.default_rng(3)
    Image.fromarray(dice.integers(0, 256, shape, dtype=np.uint8)).save(tmp_path / "noise.png")
    assert peak_of_the_program(tmp_path / "noise.png")[1] < 320
