"""Folders that are damaged or meant to do harm: refused with a sentence that names the item, never with a traceback."""

import json
import os
import time

import numpy as np
import pytest
from PIL import Image

from tests.own_data.line_folders import Line, dtrb, imagefolder, known_lines, put, pylaia, tesstrain
from tests.own_data.page_folders import escriptorium, label_studio, transkribus
from text_recognizer.data.own_data import read_own_data
from text_recognizer.data.own_layouts.texts import rows
from text_recognizer.errors import UserError


@pytest.fixture(scope="module")
def lines():
    return known_lines(6)


def table(folder, lines, content, encoding="utf-8"):
    """Write the lines' pictures and a table of another content."""
    dtrb(folder, lines)
    put(folder / "gt.txt", content, encoding)
    return read_own_data(folder)


def good_rows(lines, mark="\t", end="\n"):
    return "".join(f"test/word_{number}.png{mark}{line.text}{end}" for number, line in enumerate(lines))


@pytest.mark.parametrize("path", ["../secret.png", "test/../../secret.png", "/etc/../secret.png", "..\\secret.png"])
def test_a_path_that_leaves_the_folder_is_refused(path, lines, tmp_path):
    lines[0].save(tmp_path / "secret.png")
    data = table(tmp_path / "given", lines, good_rows(lines) + f"{path}\tstolen\n")
    (fault,) = data.faults
    assert fault.startswith("gt.txt row 7: the path") and "leaves the folder" in fault
    assert len(data.lines) == 6


def test_an_absolute_path_means_the_file_of_that_name_in_the_folder(lines, tmp_path):
    lines[0].save(tmp_path / "outside.png")
    rows = f"/data/project/test/word_1.png\t{lines[1].text}\nC:\\project\\test\\word_2.png\t{lines[2].text}\n"
    data = table(tmp_path / "given", lines, rows + f"{tmp_path}/outside.png\tstolen\n")
    assert [line.text for line in data.lines] == [lines[1].text, lines[2].text]
    assert "no picture" in data.faults[0]


def test_windows_slashes_and_ends_of_lines_and_a_mark_at_the_beginning_are_read(lines, tmp_path):
    data = table(tmp_path, lines, "\ufeff" + good_rows(lines, end="\r\n").replace("/", "\\"))
    assert data.faults == []
    assert [line.text for line in data.lines] == [line.text for line in lines]


def test_utf_16_with_its_mark_is_read(lines, tmp_path):
    data = table(tmp_path, lines, good_rows(lines), "utf-16")
    assert [line.text for line in data.lines] == [line.text for line in lines]


def test_utf_16_without_its_mark_is_told(lines, tmp_path):
    dtrb(tmp_path, lines)
    put(tmp_path / "gt.txt", good_rows(lines), "utf-16-le")
    assert all("UTF-16 without its mark" in fault for fault in read_own_data(tmp_path, "table").faults)


def test_a_row_in_latin_1_is_named_and_how_to_convert_it(lines, tmp_path):
    content = good_rows(lines).encode() + "test/word_0.png\tcafé\n".encode("latin-1")
    dtrb(tmp_path, lines)
    (tmp_path / "gt.txt").write_bytes(content)
    data = read_own_data(tmp_path)
    assert len(data.lines) == 6
    assert data.faults == [
        "gt.txt row 7: it is not UTF-8 (byte 0xE9), perhaps Latin-1 or Windows-1252; convert it with"
        " iconv -f WINDOWS-1252 -t UTF-8"
    ]


def test_a_text_file_in_latin_1_is_named(lines, tmp_path):
    tesstrain(tmp_path, lines)
    put(tmp_path / "alexis_ruhe01_1852_0000_000.gt.txt", "café", "latin-1")
    (fault,) = read_own_data(tmp_path).faults
    assert fault.startswith("alexis_ruhe01_1852_0000_000.gt.txt: it is not UTF-8 (byte 0xE9)")


def test_an_endless_row_is_passed_over_without_being_held(lines, tmp_path):
    path = tmp_path / "gt.txt"
    dtrb(tmp_path, lines)
    with path.open("wb") as stream:
        for _ in range(300):
            stream.write(b"x" * 1_000_000)
        stream.write(b"\n" + good_rows(lines).encode())
    started = time.monotonic()
    numbers = [(row.number, row.wrong[:22], len(row.text) < 100) for row in rows(path, "gt.txt")]
    assert numbers[0] == (1, "the row is longer than", True)
    assert [number for number, _, _ in numbers] == [1, 2, 3, 4, 5, 6, 7]
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has no text"),
        (" \t ", "it has no text"),
        ("two\nrows", "2 rows of text"),
        ("bell\a", "control character U+0007"),
        ("x" * 3000, "3,000 characters"),
        ("x" * 900, "another line's"),
    ],
)
def test_a_text_that_is_none_is_named(text, said, lines, tmp_path):
    tesstrain(tmp_path, lines)
    put(tmp_path / "alexis_ruhe01_1852_0000_000.gt.txt", text)
    data = read_own_data(tmp_path)
    (fault,) = data.faults
    assert fault.startswith("alexis_ruhe01_1852_0000_000.") and said in fault
    assert len(data.lines) == 5


def test_texts_are_composed_and_their_white_space_is_reduced(lines, tmp_path):
    tesstrain(tmp_path, lines)
    put(tmp_path / "alexis_ruhe01_1852_0000_000.gt.txt", "  e\u0301te\u0301\u00a0 ﬁn \r\n\n")
    first = "alexis_ruhe01_1852_0000_000.png"
    texts = {line.name: line.text for line in read_own_data(tmp_path).lines}
    assert texts[first] == "été ﬁn"
    assert {line.name: line.text for line in read_own_data(tmp_path, form="NFKC").lines}[first] == "été fin"


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.full((40, 300), 255, np.uint8), "shows no ink"),
        (np.full((2, 300), 255, np.uint8), "300 x 2 px, too small"),
        (None, "the file is empty"),
    ],
)
def test_a_picture_that_shows_nothing_is_named(picture, said, lines, tmp_path):
    tesstrain(tmp_path, lines)
    path = tmp_path / "alexis_ruhe01_1852_0000_000.png"
    path.write_bytes(b"") if picture is None else Image.fromarray(picture).save(path)
    (fault,) = read_own_data(tmp_path).faults
    assert fault.startswith("alexis_ruhe01_1852_0000_000.png:") and said in fault


def test_a_text_without_a_picture_and_a_picture_without_a_text_are_named(lines, tmp_path):
    tesstrain(tmp_path, lines)
    (tmp_path / "alexis_ruhe01_1852_0000_000.png").unlink()
    (tmp_path / "alexis_ruhe01_1852_0001_001.gt.txt").unlink()
    first, second = read_own_data(tmp_path).faults
    assert "alexis_ruhe01_1852_0000_000.gt.txt: has no picture" in first
    assert "alexis_ruhe01_1852_0001_001.tif: has no text" in second


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("entity", [BOMB, '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'])
@pytest.mark.parametrize("make", [transkribus, escriptorium])
def test_a_page_that_declares_entities_is_refused(make, entity, lines, tmp_path):
    page = make(tmp_path, lines)
    page.write_text(page.read_text().replace("?>", f"?>{entity}", 1).replace(lines[3].text.split()[0], "&b;"))
    data = read_own_data(tmp_path)
    (fault,) = data.faults
    assert page.name in fault and "it declares the entity" in fault
    assert len(data.lines) == 3


def test_pages_of_absurd_coordinates_are_refused_quickly(lines, tmp_path):
    page = escriptorium(tmp_path, lines)
    for number in ("nan", "inf", "1e12", "-1e9"):
        page.write_text(page.read_text().replace('POINTS="60', f'POINTS="{number}', 1))
    data = read_own_data(tmp_path)
    assert len(data.faults) == 3 and len(data.lines) == 3


def test_a_page_whose_picture_is_missing_or_of_another_shape_is_named(lines, tmp_path):
    page = transkribus(tmp_path, lines)
    (tmp_path / "p_0001.jpg").unlink()
    page.write_text(page.read_text().replace('imageWidth="', 'imageWidth="9'))
    first, second = read_own_data(tmp_path).faults
    assert first.startswith("page/p_0001.xml: its picture p_0001.jpg is not beside it")
    assert second.startswith("page/p_0002.xml: describes a page of")


def test_a_page_cannot_name_a_picture_outside_the_folder(lines, tmp_path):
    page = escriptorium(tmp_path / "given", lines)
    lines[0].save(tmp_path / "outside.png")
    page.write_text(page.read_text().replace("p_0002.png", "../outside.png"))
    (tmp_path / "given" / "p_0002.png").unlink()
    (fault,) = read_own_data(tmp_path / "given").faults
    assert "p_0002.xml: its picture ../outside.png is not beside it" in fault


def test_broken_rows_of_metadata_are_named_one_by_one(lines, tmp_path):
    imagefolder(tmp_path, lines)
    with (tmp_path / "train" / "metadata.jsonl").open("a") as stream:
        stream.write('{"file_name": "0001.png"}\nnot json\n[1]\n' + "[" * 60_000 + "\n")
        stream.write('{"file_name": "0000.png", "text": "another"}\n')
    faults = read_own_data(tmp_path).faults
    assert [fault.split(":")[0] for fault in faults] == [f"train/metadata.jsonl row {n}" for n in (5, 6, 7, 8)] + [
        "train/metadata.jsonl row 9 (train/0000.png)"
    ]
    assert "it has no text" in faults[0] and "listed before with the text" in faults[4]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"sample_img_00.png": "a", "sample_img_00.png": "b"}', "sample_img_00.png has 2 texts"),
        ('{"sample_img_00.png": 7}', "is int, no string"),
        ('{"sample_img_00.png": {"img_dimensions": [1, 1], "polygons": []}}', "docTR's detection"),
        ('{"sample_img_00.png": "a"', "it is not JSON"),
        ('{"a":' * 40_000, "nested too deeply"),
    ],
)
def test_labels_that_are_none_are_named(content, said, lines, tmp_path):
    lines[0].save(tmp_path / "images" / "sample_img_00.png")
    put(tmp_path / "labels.json", content)
    data = read_own_data(tmp_path)
    assert len(data.faults) == 1 and said in data.faults[0]
    assert data.faults[0].startswith("labels.json")


def test_commas_and_quotes_in_the_texts_of_a_csv_are_kept(lines, tmp_path):
    texts = ["one, two, three", "plain", 'he said "no"']
    for number, line in enumerate(lines[:3]):
        line.save(tmp_path / f"{number}.png")
    put(tmp_path / "labels.csv", 'filename,words\n0.png,one, two, three\n1.png,plain\n2.png,"he said ""no"""\n')
    assert [line.text for line in read_own_data(tmp_path).lines] == texts


def test_a_table_without_a_header_parted_by_commas_is_read(lines, tmp_path):
    for number, line in enumerate(lines[:2]):
        line.save(tmp_path / f"word {number}.png")
    put(tmp_path / "gt.txt", 'word 0.png, "Tiredness"\nword 1.png, "kills"\n')
    assert [line.text for line in read_own_data(tmp_path).lines] == ["Tiredness", "kills"]


def test_white_on_black_is_turned(lines, tmp_path):
    Line(255 - lines[0].image_HW, lines[0].text).save(tmp_path / "a.png")
    put(tmp_path / "a.gt.txt", lines[0].text)
    (line,) = read_own_data(tmp_path).lines
    np.testing.assert_array_equal(line.image_HW(), lines[0].image_HW)


def test_pipes_broken_links_and_circles_of_links_are_passed_over(lines, tmp_path):
    tesstrain(tmp_path, lines)
    os.mkfifo(tmp_path / "labels.txt")
    (tmp_path / "gone.gt.txt").symlink_to("nowhere")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    data = read_own_data(tmp_path)
    assert (len(data.lines), data.faults) == (6, [])


def test_a_damaged_list_of_splits_is_refused(lines, tmp_path):
    tesstrain(tmp_path, lines)
    put(tmp_path / "splits.json", json.dumps({"train": ["0001"], "val": ["0001"]}))
    with pytest.raises(UserError, match="splits.json: 0001 is in train and in val"):
        read_own_data(tmp_path)


@pytest.mark.parametrize(
    "task",
    [
        {"annotations": 5},
        {"annotations": ["x"]},
        {"annotations": [{"result": 5}]},
        {"annotations": None, "transcription": 5, "bbox": [1]},
        {"annotations": None, "transcription": "a", "bbox": 5},
        {"data": {"ocr": "http://[x"}},
    ],
)
def test_a_task_that_no_export_holds_is_named_and_the_others_are_read(task, lines, tmp_path):
    label_studio(tmp_path, lines)
    (export,) = tmp_path.glob("*.json")
    tasks = json.loads(export.read_text())
    tasks[0] |= task
    export.write_text(json.dumps([{k: v for k, v in told.items() if v is not None} for told in tasks]))
    data = read_own_data(tmp_path, "label_studio")
    (fault,) = data.faults
    assert f"{export.name} task " in fault and fault.endswith(("export it again", "correct it", "JSON-MIN"))
    assert len(data.lines) == 3


def test_an_endless_row_of_tokens_is_named_and_the_others_are_read(lines, tmp_path):
    pylaia(tmp_path, lines)
    table, *_ = sorted(tmp_path.rglob("train.txt"))
    with table.open("a") as stream:
        stream.write("a " * 70_000 + "\n")
    data = read_own_data(tmp_path, "pylaia")
    (fault,) = data.faults
    assert "the row is longer than 65,536 characters" in fault and len(data.lines) == 6
