"""Every layout, in a folder as its own tool makes it: recognised, read, a broken file named and the rest used."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.own_data.line_folders import LINE_FOLDERS, cut_short, known_lines, put
from tests.own_data.page_folders import PAGE_FOLDERS, iam, label_studio, page_of, transkribus
from text_recognizer.data.own_data import read_own_data
from text_recognizer.errors import UserError


@pytest.fixture(scope="module")
def lines():
    return known_lines(6)


def texts_of(data):
    return sorted(line.text for line in data.lines)


@pytest.mark.parametrize("tool", LINE_FOLDERS)
def test_a_folder_of_lines_is_recognised_and_read(tool, lines, tmp_path):
    make, layout = LINE_FOLDERS[tool]
    make(tmp_path, lines)
    data = read_own_data(tmp_path)
    assert (data.layout, data.faults) == (layout, [])
    assert texts_of(data) == sorted(line.text for line in lines)
    pixels = {line.text: line.image_HW for line in lines}
    for line in data.lines:
        image_HW = line.image_HW()
        assert image_HW.dtype == np.uint8 and image_HW.shape == line.size == pixels[line.text].shape
        assert np.abs(image_HW.astype(int) - pixels[line.text]).mean() < 3, "the pixels are another line's"


@pytest.mark.parametrize("tool", LINE_FOLDERS)
def test_a_broken_picture_is_named_and_the_other_lines_are_used(tool, lines, tmp_path):
    make, _ = LINE_FOLDERS[tool]
    broken = make(tmp_path, lines)
    cut_short(broken)
    data = read_own_data(tmp_path)
    (fault,) = data.faults
    assert broken.relative_to(tmp_path).as_posix() in fault and "damaged" in fault
    assert str(tmp_path) not in fault
    assert texts_of(data) == sorted(line.text for line in lines if line.text in texts_of(data))
    assert len(data.lines) == 5


@pytest.mark.parametrize("tool", LINE_FOLDERS)
def test_a_missing_picture_is_named_and_the_other_lines_are_used(tool, lines, tmp_path):
    make, _ = LINE_FOLDERS[tool]
    gone = make(tmp_path, lines)
    for path in gone.parent.glob(gone.name.split(".")[0] + ".*"):
        if path.suffix != ".txt":
            path.unlink()
    data = read_own_data(tmp_path)
    assert any(gone.name.split(".")[0] in fault for fault in data.faults)
    assert len(data.lines) == 5


@pytest.mark.parametrize("tool", PAGE_FOLDERS)
def test_a_folder_of_pages_is_recognised_and_its_lines_are_cut(tool, lines, tmp_path):
    make, layout = PAGE_FOLDERS[tool]
    make(tmp_path, lines)
    data = read_own_data(tmp_path)
    assert (data.layout, data.faults) == (layout, [])
    assert [line.text for line in data.lines] == [line.text for line in lines]
    for line, known in zip(data.lines, lines, strict=True):
        assert line.image_HW().shape == line.size
        assert line.size[1] == pytest.approx(known.image_HW.shape[1], rel=0.1)
        assert line.image_HW().min() < 150 < line.image_HW().max()
    assert len({line.group for line in data.lines}) == 2


@pytest.mark.parametrize("tool", PAGE_FOLDERS)
def test_a_broken_page_is_named_and_the_other_page_is_used(tool, lines, tmp_path):
    make, _ = PAGE_FOLDERS[tool]
    broken = make(tmp_path, lines)
    cut_short(broken)
    data = read_own_data(tmp_path)
    (fault,) = data.faults
    assert broken.name in fault and str(tmp_path) not in fault
    assert [line.text for line in data.lines] == [line.text for line in lines[:3]]


@pytest.mark.parametrize(
    ("pictures", "texts"), [("lines", "xml"), ("lines", "ascii"), ("forms", "xml"), ("forms", "ascii")]
)
def test_iam_is_read_as_it_is_handed_out(pictures, texts, lines, tmp_path):
    iam(tmp_path, lines, pictures, texts)
    data = read_own_data(tmp_path)
    assert (data.layout, data.faults) == ("iam", [])
    assert [line.text for line in data.lines] == [line.text for line in lines]
    assert [line.split for line in data.lines] == ["train", "train", "val", "val", "test", "test"]
    assert [line.group for line in data.lines] == ["000", "000", "001", "001", "002", "002"]


@pytest.mark.parametrize("pictures", ["lines", "forms"])
def test_a_broken_picture_of_iam_is_named_and_the_rest_is_used(pictures, lines, tmp_path):
    broken = iam(tmp_path, lines, pictures)
    cut_short(broken)
    data = read_own_data(tmp_path)
    assert data.faults and all(broken.stem in fault for fault in data.faults)
    assert len(data.lines) == (5 if pictures == "lines" else 4)


def test_iam_texts_that_are_escaped_twice_and_split_into_tokens_are_put_together(lines, tmp_path):
    quoted = [type(lines[0])(lines[0].image_HW, '"Aye," he said'), *lines[1:]]
    iam(tmp_path / "xml", quoted)
    assert read_own_data(tmp_path / "xml").lines[0].text == '"Aye," he said'
    iam(tmp_path / "ascii", lines, texts="ascii")
    table = tmp_path / "ascii" / "ascii" / "lines.txt"
    table.write_text(table.read_text().replace(lines[0].text.replace(" ", "|"), "at|five|,|tomorrow|."))
    assert read_own_data(tmp_path / "ascii").lines[0].text == "at five, tomorrow."


def test_forms_of_half_the_size_are_cut_at_the_right_places(lines, tmp_path):
    iam(tmp_path, lines, "forms")
    whole = {line.text: line.size for line in read_own_data(tmp_path).lines}
    for form in (tmp_path / "forms").iterdir():
        picture = Image.open(form)
        picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX).save(form)
    for line in read_own_data(tmp_path).lines:
        assert line.size[1] == pytest.approx(whole[line.text][1] / 2, abs=4)


def test_parquet_tables_hold_the_pictures_themselves(lines, tmp_path):
    import pyarrow
    from pyarrow import parquet

    for number, line in enumerate(lines):
        line.save(tmp_path / "pictures" / f"{number}.png")
    contents = [(tmp_path / "pictures" / f"{number}.png").read_bytes() for number in range(6)]
    contents[1] = contents[1][:60]
    rows = [{"image": {"bytes": c, "path": None}, "text": line.text} for c, line in zip(contents, lines, strict=True)]
    for name, part in (("train-00000-of-00001", rows[:4]), ("test-00000-of-00001", rows[4:])):
        (tmp_path / "hub" / "data").mkdir(parents=True, exist_ok=True)
        table = pyarrow.Table.from_pylist(part)
        parquet.write_table(table, tmp_path / "hub" / "data" / f"{name}.parquet", row_group_size=2)
    data = read_own_data(tmp_path / "hub")
    assert data.layout == "parquet"
    assert texts_of(data) == sorted(line.text for line in lines if line is not lines[1])
    (fault,) = data.faults
    assert fault.startswith("data/train-00000-of-00001.parquet row 2:")
    by_text = {line.text: line for line in data.lines}
    np.testing.assert_array_equal(by_text[lines[4].text].image_HW(), lines[4].image_HW)
    assert by_text[lines[4].text].split == "test"


def test_parquet_tables_without_their_library_say_what_to_install(tmp_path, monkeypatch):
    put(tmp_path / "train.parquet", "PAR1")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(UserError, match="needs pyarrow; install it with pip install pyarrow"):
        read_own_data(tmp_path)


def test_label_studio_rectangles_may_be_turned_and_polygons_and_short_exports_are_read(lines, tmp_path):
    page, boxes = page_of(lines[:3])
    turned = page.rotate(-10, expand=False, fillcolor=245, center=(0, 0))
    export = label_studio(tmp_path, lines[:4]).parents[1] / "project-3-at-2026-01-01.json"
    (tmp_path / "images" / "p_0001.png").unlink()
    (tmp_path / "images" / "p_0002.png").unlink()
    turned.save(tmp_path / "images" / "t.png")
    x, y, width, height = boxes[0]
    angle = np.deg2rad(10)
    corner = (x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle))
    share = {
        "x": 100 * corner[0] / page.width,
        "y": 100 * corner[1] / page.height,
        "width": 100 * width / page.width,
        "height": 100 * height / page.height,
        "rotation": 10,
    }
    task = {"id": 1, "ocr": "/data/upload/1/0badcafe-t.png", "bbox": [share], "transcription": lines[0].text}
    put(export, json.dumps([task]))
    (line,) = read_own_data(tmp_path).lines
    assert line.text == lines[0].text
    assert line.size[1] == pytest.approx(width, rel=0.1) and line.size[0] < 1.6 * height


def test_a_json_min_export_whose_texts_belong_to_no_region_for_sure_is_refused(lines, tmp_path):
    label_studio(tmp_path, lines)
    task = {
        "ocr": "images/p_0001.png",
        "bbox": [{"x": 1, "y": 1, "width": 9, "height": 9}],
        "transcription": ["a", "b"],
    }
    put(tmp_path / "project-3-at-2026-01-01.json", json.dumps([task, {"annotations": []}]))
    data = read_own_data(tmp_path)
    assert "export it as JSON, not as JSON-MIN" in data.faults[0]


def test_lines_of_a_page_without_text_are_counted_and_the_rest_is_used(lines, tmp_path):
    transkribus(tmp_path, lines)
    file = tmp_path / "page" / "p_0001.xml"
    file.write_text(file.read_text().replace(f"<Unicode>{lines[1].text}</Unicode>", "<Unicode> </Unicode>"))
    data = read_own_data(tmp_path)
    assert data.faults == ["page/p_0001.xml: line 2 has no text; transcribe or remove what is to be used"]
    assert len(data.lines) == 5


def test_an_outline_beyond_the_picture_loses_its_line_only(lines, tmp_path):
    transkribus(tmp_path, lines)
    file = tmp_path / "page" / "p_0001.xml"
    file.write_text(file.read_text().replace("60,50 ", "60,-90000 ", 1))
    data = read_own_data(tmp_path)
    (fault,) = data.faults
    assert fault.startswith("page/p_0001.xml line 1: its outline reaches beyond the picture")
    assert len(data.lines) == 5


def test_two_layouts_in_one_folder_are_refused_unless_one_is_named(lines, tmp_path):
    LINE_FOLDERS["tesstrain"][0](tmp_path, lines)
    LINE_FOLDERS["frozen"][0](tmp_path / "more", lines)
    with pytest.raises(
        UserError, match=r"pairs \(6 .gt.txt files\); table \(more/truth.tsv\).*--layout pairs or table"
    ):
        read_own_data(tmp_path)
    assert len(read_own_data(tmp_path, "table").lines) == 6


def test_one_table_of_many_can_be_named(lines, tmp_path):
    LINE_FOLDERS["paddle"][0](tmp_path, lines)
    data = read_own_data(tmp_path / "rec_gt_test.txt")
    assert texts_of(data) == sorted(line.text for line in lines[4:])


def test_a_folder_of_nothing_known_says_what_would_be(tmp_path):
    put(tmp_path / "notes.md", "hello")
    with pytest.raises(UserError, match=r"no layout is recognised.*x.gt.txt.*--layout: pairs, doctr"):
        read_own_data(tmp_path)
    with pytest.raises(UserError, match="there is no such layout; did you mean page"):
        read_own_data(tmp_path, "pages")
    with pytest.raises(UserError, match="no such folder"):
        read_own_data(tmp_path / "gone")
