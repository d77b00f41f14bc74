"""Runs into a folder go on where they ended, and read nothing twice."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page
from text_recognizer.errors import UserError
from text_recognizer.inference.cli import main
from text_recognizer.inference.journal import Journal
from text_recognizer.inference.page_store import PageStore
from text_recognizer.inference.reading_back import read_back
from text_recognizer.inference.result import Page

ROOT = Path(__file__).parents[2]


def page(path: Path, text: str) -> Path:
    Image.fromarray(draw_flag_page([text])).save(path)
    return path


def tiff(path: Path, *texts: str) -> Path:
    first, *others = [Image.fromarray(draw_flag_page([text])) for text in texts]
    first.save(path, save_all=True, append_images=others)
    return path


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    page(folder / "a.png", "abc")
    page(folder / "b.png", "bcd")
    tiff(folder / "c.tiff", "cab", "bad", "dad")
    return folder


@pytest.fixture
def read(scans, tmp_path, model_folder, capsys):
    def run(*options: object) -> tuple[int, str]:
        words = [str(scans), "--out", str(tmp_path / "out"), "--model", str(model_folder), "--threads", "1"]
        code = main(["read", *words, *map(str, options)])
        return code, capsys.readouterr().err

    return run


def journal(out: Path) -> list[list]:
    rows = (out / ".reading/journal.jsonl").read_bytes().splitlines()
    return [json.loads(row) for row in rows if row.endswith(b"]")]  # a torn one has no end


def pages_read(out: Path) -> int:
    return sum(row[0] == "read" for row in journal(out))


def test_a_second_run_reads_nothing_and_says_so(read, tmp_path):
    assert read() == (0, "")
    assert pages_read(tmp_path / "out") == 5
    said = "text-recognizer: 3 of 3 pictures were read before; --restart reads them again\n"
    assert read() == (0, said)
    assert pages_read(tmp_path / "out") == 5
    assert read("--restart") == (0, "")
    assert pages_read(tmp_path / "out") == 5  # of a new journal


def test_only_what_is_new_changed_or_lost_is_read(read, scans, tmp_path):
    read()
    page(scans / "b.png", "ddd")
    os.utime(scans / "b.png", ns=(1, 1))
    page(scans / "new.png", "eee")
    (tmp_path / "out/a.txt").unlink()
    assert read()[0] == 0
    assert pages_read(tmp_path / "out") == 5 + 3
    assert (tmp_path / "out/b.txt").read_text() == "ddd\n"
    assert (tmp_path / "out/a.txt").read_text() == "abc\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "json"], "--format was text and is json"),
        (["--abstain", "0.5"], "--abstain was 0.0 and is 0.5"),
        (["--no-language-model"], "--language-model was yes and is no"),
        (["--pages", "2-", "--line"], "--line was no and is yes, --pages was 1- and is 2-"),
        (["--model", "fast"], "--model was "),
    ],
)
def test_results_of_other_options_are_not_mixed(options, said, read, tmp_path):
    read()
    code, err = read(*options)
    assert code == 1 and err.count("\n") == 1
    assert err.startswith(f"{tmp_path / 'out'}: its results were read otherwise ({said}")
    assert err.endswith("read everything again with --restart, or choose another folder\n")
    assert pages_read(tmp_path / "out") == 5


def test_a_result_that_another_source_has_replaced_is_made_again(read, tmp_path, model_folder):
    read()
    page(tmp_path / "a.png", "eee")
    words = [str(tmp_path / "a.png"), "--out", str(tmp_path / "out"), "--model", str(model_folder)]
    assert main(["read", *words]) == 0 and (tmp_path / "out/a.txt").read_text() == "eee\n"
    assert read()[0] == 0 and (tmp_path / "out/a.txt").read_text() == "abc\n"


def test_options_that_change_no_text_may_change(read):
    read()
    assert read("--jobs", "2", "--threads", "2")[0] == 0


def test_bad_files_are_listed_and_tried_again(read, scans, tmp_path):
    (scans / "b.png").write_bytes(b"no picture")
    damaged = (scans / "c.tiff").read_bytes()
    (scans / "c.tiff").write_bytes(damaged[:-30])  # the last page's directory is torn
    listing = tmp_path / "out/.reading/errors.tsv"
    code, err = read()
    assert code == 1 and "2 of 3 pictures could not be read" in err
    assert [row.split(":")[0] for row in listing.read_text().splitlines()] == err.split(":")[:1] + [
        str(scans / "c.tiff, page 3")
    ]
    assert not (tmp_path / "out/c.txt").exists()
    before = pages_read(tmp_path / "out")
    page(scans / "b.png", "bcd")
    assert read()[0] == 1
    assert pages_read(tmp_path / "out") == before + 1  # of the TIFF only the bad page is tried
    (scans / "c.tiff").unlink()
    assert read()[0] == 0
    assert not listing.exists()


def test_pages_of_a_long_file_that_were_read_are_kept(read, scans, tmp_path):
    """A run that ended after two pages of three, with its last row torn."""
    assert read() == (0, "")
    out = tmp_path / "out"
    rows = journal(out)
    key = next(row[1] for row in rows if row[0] == "done" and row[3] == "c.txt")
    kept = [row for row in rows if row[0] != "done" or row[1] != key]
    (out / ".reading/journal.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept) + '["do')
    store = PageStore(out / f".reading/pages/{key}.jsonl", key)
    store.add((1, 2, 3), 1, Page((), 10, 10, str(scans / "c.tiff"), 0))
    store.add((1, 2, 3), 3, Page((), 10, 10, str(scans / "c.tiff"), 2))
    store.close()
    with store.path.open("ab") as stream:
        stream.write(b'[2, {"lines": [')
    assert read()[0] == 0
    assert pages_read(out) == 5 + 1
    assert (out / "c.txt").read_text() == "bad\n"  # the two pages kept are blank ones
    assert read()[1].startswith("text-recognizer: 3 of 3 pictures were read before")


def test_two_runs_do_not_write_into_one_folder(read, tmp_path, scans, model_folder):
    (tmp_path / "out").mkdir()
    other = Journal(tmp_path / "out", {})
    code, err = read()
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(f"{tmp_path / 'out'}: another run (process {os.getpid()}) writes here; wait for its end")
    other.close()
    with pytest.raises(UserError, match="was unknown and is"):
        Journal(tmp_path / "out", {"--format": "text"})


def test_a_journal_of_another_kind_is_refused(read, tmp_path):
    read()
    (tmp_path / "out/.reading/journal.jsonl").write_text("hello\n")
    assert "it is damaged, or of another version; read everything again with --restart" in read()[1]
    assert read("--restart") == (0, "")


def test_a_restart_needs_a_folder(scans, capsys):
    assert main(["read", str(scans), "--restart"]) == 2
    assert "only a run with --out FOLDER can be resumed or restarted" in capsys.readouterr().err


def test_what_was_read_where_is_drawn_with_numbers_that_go_on(read, scans, tmp_path):
    assert read("--boxes", tmp_path / "seen.png")[0] == 0
    page(scans / "new.png", "eee")
    assert read("--boxes", tmp_path / "seen.png")[0] == 0
    assert len(list(tmp_path.glob("seen*.png"))) == 6


def test_a_pipe_is_read_again_only_if_it_says_something_else(tmp_path, model_folder):
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", "-", "--model", str(model_folder)]
    for text, said in (("abc", ""), ("abc", "1 of 1 pictures were read before"), ("dad", "")):
        picture = page(tmp_path / "a.png", text).read_bytes()
        done = subprocess.run([*command, "--out", str(tmp_path / "out")], input=picture, capture_output=True, cwd=ROOT)
        assert said in done.stderr.decode() and done.returncode == 0
        assert (tmp_path / "out/stdin.txt").read_text() == f"{text}\n"


@pytest.mark.slow
def test_when_all_is_read_a_run_over_many_files_takes_little_time(scans, tmp_path, read):
    content = (scans / "a.png").read_bytes()
    for number in range(400):
        (scans / f"{number}.png").write_bytes(content)
    read()
    start = time.monotonic()
    assert read()[0] == 0
    assert time.monotonic() - start < 2


def test_further_pages_of_a_format_of_one_page_have_files_of_their_own(read, tmp_path):
    code, _ = read("--format", "page")
    assert code == 0
    out = tmp_path / "out"
    assert sorted(path.name for path in out.glob("*.xml")) == ["a.xml", "b.xml", "c-p002.xml", "c-p003.xml", "c.xml"]
    texts = [read_back(out / name)[0].text for name in ("c.xml", "c-p002.xml", "c-p003.xml")]
    assert texts == ["cab", "bad", "dad"]
    assert read("--format", "page")[1].startswith("text-recognizer: 3 of 3 pictures were read before")


def test_no_page_of_a_file_replaces_the_result_of_another_file(scans, tmp_path, model_folder, capsys):
    page(scans / "c-p002.png", "eee")
    other, out = page(tmp_path / "c-p003.png", "aaa"), tmp_path / "out"
    words = ["read", str(scans), str(other), "--out", str(out), "--model", str(model_folder), "--format", "page"]
    assert main(words) == 0
    texts = sorted(read_back(path)[0].text for path in out.glob("*.xml"))
    assert texts == sorted(["abc", "bcd", "eee", "cab", "bad", "dad", "aaa"])
    assert main(words) == 0
    assert capsys.readouterr().err.startswith("text-recognizer: 5 of 5 pictures were read before")


def test_names_as_long_as_they_may_be_have_results(read, scans, tmp_path):
    names = ["x" * 251, "é" * 120 + "y", "é" * 120 + "z"]
    for name in names:
        page(scans / f"{name}.png", "eee")
    assert read("--format", "json") == (0, "")
    found = [path.name for path in (tmp_path / "out").glob("*.json")]
    assert len(found) == 3 + 3 and sum(name.startswith(("xxx", "ééé")) for name in found) == 3


def test_a_folder_without_a_name_and_an_empty_name_are_answered_in_a_sentence(
    tmp_path, model_folder, monkeypatch, capsys
):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["read", ".", "", "--out", str(tmp_path / "out"), "--model", str(model_folder)]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 3 and err[0].startswith(".: none of the 0 things in this folder is a picture")


def test_a_link_that_leads_nowhere_is_named(read, scans):
    (scans / "gone.png").symlink_to("elsewhere/gone.png")
    (scans / "notes.txt").symlink_to("gone.txt")
    code, err = read()
    assert code == 1
    assert err.splitlines()[0].startswith(
        f"{scans / 'gone.png'}: this link leads to elsewhere/gone.png, where nothing is"
    )
    assert err.splitlines()[1] == "text-recognizer: 1 of 4 pictures could not be read"


def test_what_is_said_of_a_name_with_a_line_break_is_one_line(read, scans):
    (scans / "two\nlines\x1b[2J.png").write_bytes(b"no picture")
    code, err = read()
    assert code == 1 and err.count("\n") == 2 and "\x1b" not in err and "two?lines?[2J.png: this is not" in err
