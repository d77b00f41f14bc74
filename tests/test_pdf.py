"""PDF files as pictures: whole pages, in order, at the size asked for."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.inference.text_pdfs import assembled, filled_form, locked_pdf
from text_recognizer.errors import UserError
from text_recognizer.image import Limits, numbered_images, open_images
from text_recognizer.page_ranges import PageRanges


def pages_of(count: int, size: tuple[int, int] = (240, 320)) -> list[np.ndarray]:
    """Return pages of different greys with a dark band at a different height each."""
    pages = []
    for number in range(count):
        page = np.full(size, 250 - 3 * (number % 40), np.uint8)
        page[10 + number % 100 : 20 + number % 100, 30:-30] = 20
        pages.append(page)
    return pages


def pdf_of(pages: list[np.ndarray], dpi: float = 100.0) -> bytes:
    first, *others = [Image.fromarray(page) for page in pages]
    stream = io.BytesIO()
    first.save(stream, format="PDF", save_all=True, append_images=others, resolution=dpi)
    return stream.getvalue()


def test_every_page_is_drawn_in_order_at_the_resolution_asked_for(tmp_path):
    pages = pages_of(3)
    (tmp_path / "a.pdf").write_bytes(pdf_of(pages))
    for source in (tmp_path / "a.pdf", pdf_of(pages), io.BytesIO(pdf_of(pages))):
        drawn = list(numbered_images(source, dpi=100))
        assert [number for number, _ in drawn] == [1, 2, 3]
        for page, (_, grey_HW) in zip(pages, drawn, strict=True):
            assert grey_HW.dtype == np.uint8 and grey_HW.flags["C_CONTIGUOUS"]
            assert np.abs(grey_HW[:240, :320].astype(int) - page).mean() < 2
    assert next(open_images(pdf_of(pages))).shape == pytest.approx((720, 960), abs=2), "300 dpi unless told"


def test_only_the_wanted_pages_are_drawn_and_keep_their_numbers():
    content = pdf_of(pages_of(6))
    wanted = PageRanges.parse("2,5-")
    assert [number for number, _ in numbered_images(content, wanted=wanted, dpi=50)] == [2, 5, 6]
    tiff = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages_of(6)]
    first.save(tiff, format="TIFF", save_all=True, append_images=others)
    assert [number for number, _ in numbered_images(tiff.getvalue(), wanted=wanted)] == [2, 5, 6]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (pdf_of(pages_of(2)), {"wanted": PageRanges.parse("3-")}, "none of the pages 3-; name others"),
        (pdf_of(pages_of(2)), {"limits": Limits(max_side=500)}, "page 1: it is .* px, the longest side .* lower --dpi"),
        (pdf_of(pages_of(2)), {"limits": Limits(max_frames=1)}, "more than 1 pages; name some with --pages"),
        (pdf_of(pages_of(2))[:600], {}, "the PDF is damaged"),
        (b"%PDF-1.7 and nothing more", {}, "the PDF is damaged .*; save or download it again"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(content, options, said):
    with pytest.raises(UserError, match=said):
        list(numbered_images(content, **options))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
@pytest.mark.parametrize("kind", ["PDF", "PNG"])
def test_a_pipe_is_read_from_its_beginning(tmp_path, kind):
    stream = io.BytesIO()
    Image.fromarray(pages_of(1)[0]).save(stream, format=kind)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[stream.getvalue()], daemon=True)
    writer.start()
    assert len(list(open_images(pipe))) == 1
    writer.join(10)


def test_damaged_copies_are_read_or_refused_in_a_sentence():
    whole, dice = np.frombuffer(pdf_of(pages_of(2)), np.uint8), np.random.default_rng(0)
    for _ in range(150):
        damaged = whole.copy()
        places = dice.integers(8, len(whole), 8)
        damaged[places] = dice.integers(0, 256, len(places))
        try:
            for grey_HW in open_images(damaged.tobytes(), Limits(max_pixels=4_000_000)):
                assert grey_HW.ndim == 2
        except UserError as error:
            assert "; " in str(error)


PROGRAM = """
import re, sys
from pathlib import Path
from text_recognizer.image import numbered_images
count = sum(1 for _ in numbered_images(Path(sys.argv[1]), dpi=100))
print(count, int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.slow
def test_two_hundred_pages_take_the_memory_of_a_few(tmp_path):
    peaks = []
    for count in (5, 200):
        path: Path = tmp_path / f"{count}.pdf"
        path.write_bytes(pdf_of(pages_of(count, (1100, 800))))
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
        read, peak = map(int, done.stdout.split())
        assert read == count
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 15


def test_what_a_form_was_filled_with_is_drawn():
    (empty_HW,), (filled_HW,) = (list(open_images(filled_form(text))) for text in ("", "Mary Shelley"))
    assert (empty_HW < 128).sum() == 0
    assert (filled_HW < 128).sum() > 1_000


def test_a_file_without_pages_is_not_said_to_want_a_password_because_another_did():
    with pytest.raises(UserError, match="protected by a password"):
        list(open_images(locked_pdf()))
    with pytest.raises(UserError, match="the PDF is damaged"):
        list(open_images(assembled([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 0/Kids[]>>"])))
