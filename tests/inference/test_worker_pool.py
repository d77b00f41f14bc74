"""Pages read by several processes: the same text in the same order, and the death of one costs no other page."""

import csv
import io
import os
import signal
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page
from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.cli import main
from text_recognizer.inference.ordered_reading import OrderedReading
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.page_task import PageFunction, PageTask
from text_recognizer.inference.places import LocalFile
from text_recognizer.inference.sources import Source
from text_recognizer.inference.worker_pool import WorkerPool


@dataclass(frozen=True)
class Deadly:
    """A place that kills whoever reads from it, as often as its file has bytes."""

    path: Path
    lives: Path

    def content(self, name: str, limits: Limits) -> Path:
        left = self.lives.read_bytes()
        if left:
            self.lives.write_bytes(left[1:])
            os.kill(os.getpid(), signal.SIGKILL)
        return self.path

    def identity(self) -> list[str | int]:
        return []


def page(path: Path, *texts: str) -> Path:
    Image.fromarray(draw_flag_page(list(texts))).save(path)
    return path


def book(path: Path, texts: list[str], **options: object) -> Path:
    first, *others = [Image.fromarray(draw_flag_page([text])) for text in texts]
    first.save(path, save_all=True, append_images=others, **options)
    return path


def words(total: int) -> list[str]:
    return ["".join("abcde"[(number >> shift) % 5] for shift in (0, 1, 2, 3)) for number in range(total)]


@pytest.fixture
def pool_read(model_folder, tmp_path):
    """Read sources with two workers; return the texts and the errors."""

    def run(*sources: Source) -> tuple[list[str], list[str]]:
        settings = PageSettings(model=str(model_folder), threads=1)
        pool = WorkerPool(settings, 2)
        job = OrderedReading(iter(sources), settings, pool.most, tmp_path)
        return [page.text for page in job.pages(pool)], job.errors

    return run


@pytest.mark.slow
def test_two_jobs_give_the_same_output_as_one_in_the_same_order(tmp_path, model_folder, capsys):
    folder = tmp_path / "scans"
    folder.mkdir()
    book(folder / "a.tiff", words(30))
    book(folder / "b.pdf", words(9), resolution=100)
    (folder / "c.png").write_bytes(b"no picture")
    for number in range(12):
        page(folder / f"d{number:02}.png", *words(number % 4 + 1))
    outputs = []
    for jobs in ("1", "2"):
        code = main(["read", str(folder), "--model", str(model_folder), "--format", "tsv", "--jobs", jobs])
        outputs.append((code, capsys.readouterr()))
    assert outputs[0] == outputs[1]
    rows = list(csv.DictReader(io.StringIO(outputs[0][1].out), dialect="excel-tab"))
    assert [row["text"] for row in rows[:30]] == words(30)
    assert outputs[0][0] == 1 and "c.png: this is not a picture" in outputs[0][1].err


@pytest.mark.slow
def test_a_page_that_kills_a_process_is_tried_once_more(pool_read, tmp_path):
    (tmp_path / "lives").write_bytes(b"x")
    deadly = Source("deadly", Path("d"), Deadly(book(tmp_path / "a.tiff", words(5)), tmp_path / "lives"))
    good = Source("good", Path("g"), LocalFile(page(tmp_path / "b.png", "abc")))
    assert pool_read(good, deadly, good) == (["abc", *words(5), "abc"], [])


@pytest.mark.slow
def test_a_page_that_kills_every_process_is_named_and_the_others_are_read(pool_read, tmp_path):
    (tmp_path / "lives").write_bytes(b"x" * 9)
    deadly = Source("deadly", Path("d"), Deadly(tmp_path / "none.png", tmp_path / "lives"))
    good = Source("good", Path("g"), LocalFile(book(tmp_path / "b.tiff", words(6))))
    texts, errors = pool_read(good, deadly, good)
    assert texts == 2 * words(6)
    assert len(errors) == 1 and errors[0].startswith("deadly: the process reading it died 2 times (killed by SIGKILL)")


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["2", "0"])
def test_a_missing_model_is_one_sentence_with_any_number_of_jobs(jobs, tmp_path, capsys):
    assert main(["read", str(page(tmp_path / "a.png", "abc")), "--model", str(tmp_path), "--jobs", jobs]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_pages_that_are_read_too_early_wait_in_bounded_number(model_folder, tmp_path):
    """An engine that leaves the first page for last is given no more than the job may hold."""
    settings = PageSettings(model=str(model_folder), threads=1)
    sources = (Source(str(number), Path(), LocalFile(tmp_path)) for number in count())
    job = OrderedReading(sources, settings, 5, tmp_path)
    assert [job.next() is not None for _ in range(7)] == [True] * 5 + [False] * 2


def test_settings_of_a_command_line_are_all_told_apart():
    before = PageSettings()
    for change in ({"line": True}, {"abstain": 0.5}, {"language_model": False}, {"dpi": 200.0}, {"model": "fast"}):
        assert PageSettings(**change).told() != before.told()
    for change in ({"threads": 2}, {"drawn": "PNG"}):
        assert PageSettings(**change).told() == before.told()
    with pytest.raises(UserError, match="neither a folder nor one of the models"):
        PageSettings(model="bset").told()


def test_a_page_can_be_read_again_by_the_same_process(model_folder, tmp_path):
    """Ray does a task anew whose result was lost."""
    function = PageFunction(PageSettings(model=str(model_folder), threads=1))
    for path in (page(tmp_path / "a.png", "abc"), book(tmp_path / "b.tiff", ["abc"])):
        task = PageTask(Source("a", Path("a"), LocalFile(path)), 0, 1, opens=True)
        texts = [outcome.page and outcome.page.text for outcome in (function(task), function(task))]
        assert texts == ["abc", "abc"]
