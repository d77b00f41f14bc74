import csv
import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page, draw_flags, save_tiny_model
from text_recognizer.decoding.language_path import LanguageOptions
from text_recognizer.inference.cli import main

TEXTS = {"one": ["abcdeabcde", "ddccbbaaee"], "two": ["eeaeeaeebe"], "three": ["cdcdcdcd", "abab", "bdcd"]}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def scans(tmp_path):
    """A folder of three pages, one of them in a subfolder, with things beside them that are no pictures."""
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    for name, texts in TEXTS.items():
        place = folder / "deep" if name == "three" else folder
        Image.fromarray(draw_flag_page(texts)).save(place / f"{name}.png")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_text("no picture")
    return folder


def test_a_picture_is_read_as_text(scans, read):
    assert read(scans / "one.png") == (0, "\n".join(TEXTS["one"]) + "\n", "")


def test_a_folder_is_read_in_order_with_titles(scans, read):
    code, out, err = read(scans)
    titles = [row for row in out.splitlines() if row.startswith("==>")]
    assert titles == [f"==> {scans / name} <==" for name in ("deep/three.png", "one.png", "two.png")]
    assert (code, err) == (0, "")


def test_json_and_tsv_say_the_same(scans, read):
    tree = json.loads(read(scans, "--format", "json")[1])
    rows = list(csv.DictReader(io.StringIO(read(scans, "--format", "tsv")[1]), dialect="excel-tab"))
    assert [line["text"] for page in tree["pages"] for line in page["lines"]] == [row["text"] for row in rows]
    assert len(rows) == 6


def test_results_go_to_one_file(scans, read, tmp_path):
    assert read(scans, "--out", tmp_path / "all.json", "--format", "json") == (0, "", "")
    assert len(json.loads((tmp_path / "all.json").read_text())["pages"]) == 3


@pytest.mark.parametrize("option", ["--out", "--boxes"])
def test_a_picture_that_is_read_is_not_written_over(option, scans, read):
    before = (scans / "one.png").read_bytes()
    code, out, err = read(scans / "one.png", option, scans / "one.png")
    assert (code, out) == (2, "") and "name another place" in err
    assert (scans / "one.png").read_bytes() == before


def test_text_is_not_written_into_what_looks_like_a_picture(scans, read, tmp_path):
    code, _, err = read(scans / "one.png", "--out", tmp_path / "page.pdf")
    assert code == 2 and "ends like a picture" in err and not (tmp_path / "page.pdf").exists()


def test_results_go_to_a_file_each_in_a_folder_that_is_made(scans, read, tmp_path):
    assert read(scans, "--out", tmp_path / "texts") == (0, "", "")
    written = {str(path.relative_to(tmp_path / "texts")) for path in (tmp_path / "texts").rglob("*.txt")}
    assert written == {"one.txt", "two.txt", "deep/three.txt"}
    assert (tmp_path / "texts/one.txt").read_text().splitlines() == TEXTS["one"]


def test_pictures_of_the_same_name_do_not_overwrite_each_other(scans, read, tmp_path):
    (scans / "deep/one.png").write_bytes((scans / "two.png").read_bytes())
    read(scans / "one.png", scans / "deep/one.png", "--out", tmp_path / "texts")
    assert (tmp_path / "texts/one.txt").read_text().splitlines() == TEXTS["one"]
    assert (tmp_path / "texts/one-2.txt").read_text().splitlines() == TEXTS["two"]


def test_the_standard_input_is_read(scans, read, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((scans / "two.png").read_bytes())))
    assert read("-")[:2] == (0, TEXTS["two"][0] + "\n")


def test_a_line_is_read_whole(tmp_path, read):
    Image.fromarray(255 - draw_flags("abcde")).save(tmp_path / "line.png")
    assert read(tmp_path / "line.png", "--line")[:2] == (0, "abcde\n")


def test_every_page_of_a_tiff_is_read_and_drawn(tmp_path, read):
    pages = [Image.fromarray(draw_flag_page(texts)) for texts in TEXTS.values()]
    pages[0].save(tmp_path / "book.tif", save_all=True, append_images=pages[1:])
    code, out, _ = read(tmp_path / "book.tif", "--format", "json", "--boxes", tmp_path / "boxes.png")
    assert [page["frame"] for page in json.loads(out)["pages"]] == [0, 1, 2]
    assert sorted(path.name for path in tmp_path.glob("boxes*")) == ["boxes-2.png", "boxes-3.png", "boxes.png"]
    with Image.open(tmp_path / "boxes.png") as drawn:
        assert drawn.size == (2 * pages[0].width, pages[0].height)


def test_a_blank_page_is_read_as_nothing(tmp_path, read):
    Image.new("L", (300, 200), 240).save(tmp_path / "blank.png")
    assert read(tmp_path / "blank.png") == (0, "", "")


def test_bad_files_are_named_at_the_end_and_stop_no_others(scans, read):
    (scans / "broken.png").write_bytes((scans / "one.png").read_bytes()[:200])
    code, out, err = read(scans, scans / "missing.png", "--format", "json")
    assert code == 1
    assert len(json.loads(out)["pages"]) == 3
    broken, missing, summary = err.splitlines()
    assert broken.startswith(f"{scans / 'broken.png'}: the picture is damaged")
    assert missing == f"{scans / 'missing.png'}: there is no such file; check the path"
    assert summary == "text-recognizer: 2 of 5 pictures could not be read"


def test_a_bad_file_leaves_no_result(scans, read, tmp_path):
    for out in ("texts", "all.txt"):
        code, _, err = read(scans / "notes.txt", "--out", tmp_path / out)
        assert (code, err.count("\n")) == (1, 1)
    assert [path.name for path in (tmp_path / "texts").iterdir()] == [".reading"]
    assert not (tmp_path / "all.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "no command given"),
        (["raed", "x.png"], "'raed' is not a command; did you mean read?"),
        (["--verison"], "'--verison' is not an option; did you mean --version?"),
        (["read"], "IMAGE"),
        (["read", "x.png", "--fromat", "json"], "'--fromat' is not an option; did you mean --format"),
        (["read", "x.png", "--format", "jsn"], "'jsn' is not known; did you mean json?"),
        (["read", "x.png", "--threads", "many"], "'many' is not a number"),
        (["read", "x.png", "--boxes", "out.txt"], "does not end like a picture"),
    ],
)
def test_a_wrong_call_is_answered_with_what_would_be_right(arguments, complaint, capsys):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert err.count("\n") == 1


def test_an_empty_folder_and_a_folder_without_a_model_are_refused(tmp_path, scans, read, capsys):
    (tmp_path / "empty").mkdir()
    code, _, err = read(tmp_path / "empty")
    assert (code, "none of the 0 things in this folder is a picture" in err) == (1, True)
    assert main(["read", str(scans), "--model", str(tmp_path / "empty")]) == 1
    assert "there is no model here" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--boxes"])
@pytest.mark.parametrize("folder", ["missing", "file.txt"])
def test_a_place_that_cannot_be_written_to_is_refused_before_reading(option, folder, scans, read, tmp_path):
    (tmp_path / "file.txt").touch()
    code, out, err = read(scans, option, tmp_path / folder / "result.png")
    assert (code, out) == (1, "")
    assert "cannot write here" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(scans, model_folder):
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", str(scans), "--model", str(model_folder)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.startswith("standard output: it cannot be written")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_stops_listening_causes_no_traceback(scans, model_folder):
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", str(scans), "--model", str(model_folder)]
    seen, writer = os.pipe()
    os.close(seen)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "")


def test_help_is_short_and_needs_nothing_heavy():
    code = "import sys; from text_recognizer.inference.cli import main\ntry: main(['read', '--help'])\n"
    code += "except SystemExit: print(sorted({'numpy', 'PIL', 'onnxruntime', 'rich'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert out.splitlines()[-1] == "[]"
    assert len(out.splitlines()) <= 48
    assert max(map(len, out.splitlines())) <= 100


def test_a_name_that_is_not_utf8_is_shown_with_a_question_mark(scans, read, tmp_path):
    odd = tmp_path / os.fsdecode(b"page-\xff.png")
    odd.write_bytes((scans / "two.png").read_bytes())
    code, out, _ = read(odd, scans / "one.png")
    assert code == 0
    assert "page-?.png" in out


def test_hundreds_of_corrupted_pictures_are_each_read_or_named(read, tmp_path):
    dice = np.random.default_rng(11)
    folder = tmp_path / "broken"
    folder.mkdir()
    for kind in ("png", "jpg"):
        Image.fromarray(draw_flag_page(TEXTS["two"])).save(tmp_path / f"whole.{kind}")
        content = (tmp_path / f"whole.{kind}").read_bytes()
        for number in range(250):
            broken = bytearray(content[: dice.integers(1, len(content))] if number % 5 == 0 else content)
            for place in dice.integers(0, len(broken), dice.integers(1, 8)):
                broken[place] = dice.integers(256)
            (folder / f"{number:03}.{kind}").write_bytes(broken)
    (folder / "whole.png").write_bytes((tmp_path / "whole.png").read_bytes())
    code, out, err = read(folder, "--format", "tsv")
    assert code == 1
    *errors, summary = err.splitlines()
    assert summary == f"text-recognizer: {len(errors)} of 501 pictures could not be read"
    assert all(error.startswith(str(folder)) and "; " in error for error in errors)
    assert f"{folder / 'whole.png'}\t0\t0" in out
    assert out.count("eeaeeaeebe") > 1  # harmless damage is read over


def test_a_lost_language_model_is_no_reason_not_to_read_without_one(tmp_path, capsys):
    folder = save_tiny_model(tmp_path / "model", language_model=LanguageOptions("lost.npz", ""))
    Image.fromarray(draw_flags("abcde")).save(tmp_path / "line.png")
    arguments = ["read", str(tmp_path / "line.png"), "--line", "--model", str(folder)]
    assert main(arguments) == 1
    assert "lost.npz: the language model is missing" in capsys.readouterr().err
    assert main([*arguments, "--no-language-model"]) == 0
    assert capsys.readouterr().out == "abcde\n"


def save_pdf(path: Path, texts: list[str]) -> Path:
    """Write a PDF of one line a page, 100 px to the inch, and return it."""
    first, *others = [Image.fromarray(draw_flags(text)) for text in texts]
    first.save(path, format="PDF", save_all=True, append_images=others, resolution=100)
    return path


def test_some_pages_of_a_pdf_are_read_and_keep_their_numbers(model_folder, tmp_path, capsys):
    pdf = save_pdf(tmp_path / "a.pdf", ["abc", "dad", "bed"])
    options = ["--model", str(model_folder), "--line", "--dpi", "100", "--format", "json"]
    assert main(["read", str(pdf), *options, "--pages", "2-"]) == 0
    pages = json.loads(capsys.readouterr().out)["pages"]
    assert [(page["frame"], page["lines"][0]["text"]) for page in pages] == [(1, "dad"), (2, "bed")]


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--pages", "3-1"], "--pages: pages '3-1': '3-1' begins after its end"), (["--dpi", "9"], "from 30 to 1200")],
)
def test_wrong_pages_and_resolutions_are_named(words, said, capsys):
    assert main(["read", "a.pdf", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_pdf_without_the_wanted_pages_is_named(model_folder, tmp_path, capsys):
    pdf = save_pdf(tmp_path / "a.pdf", ["abc"])
    assert main(["read", str(pdf), "--model", str(model_folder), "--pages", "7"]) == 1
    assert "a.pdf: it has none of the pages 7; name others" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
def test_pipes_are_written_to_and_links_lead_to_the_file_that_is_replaced(tmp_path, read):
    picture = tmp_path / "page.png"
    Image.fromarray(draw_flag_page(["abc"])).save(picture)
    pipe, link, file = (tmp_path / name for name in ("pipe", "link.txt", "file.txt"))
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    assert read(picture, "--out", pipe) == (0, "", "")
    reader.join(10)
    assert got == ["abc\n"] and pipe.is_fifo()
    file.write_text("before")
    link.symlink_to(file)
    assert read(picture, "--out", link) == (0, "", "")
    assert link.is_symlink() and file.read_text() == "abc\n"
