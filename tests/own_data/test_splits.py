"""Splitting own lines: by writer, always alike, as the layout says, and overlaps refused."""

import json

import pytest

from tests.own_data.line_folders import Line, frozen, htr_vt, known_lines, put
from tests.own_data.page_folders import escriptorium
from text_recognizer.data.own_data import read_own_data, splits
from text_recognizer.errors import UserError


@pytest.fixture(scope="module")
def lines():
    return known_lines(24)


def pairs(folder, lines, names):
    for line, name in zip(lines, names, strict=False):
        line.save(folder / f"{name}.png")
        put(folder / f"{name}.gt.txt", line.text)
    return read_own_data(folder)


def names_of(found):
    return {split: sorted(line.name for line in part) for split, part in found.items()}


def test_lines_are_split_by_the_writer_in_their_names_and_alike_for_equal_seeds(lines, tmp_path):
    names = [f"copy_{writer:04}_{number}" for writer in range(8) for number in range(3)]
    data = pairs(tmp_path, lines, names)
    assert {line.group for line in data.lines} == {f"{writer:04}" for writer in range(8)}
    found = splits(data, 0)
    assert sum(map(len, found.values())) == 24 and all(found.values())
    groups = [{line.group for line in part} for part in found.values()]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert names_of(splits(read_own_data(tmp_path), 0)) == names_of(found)
    assert any(names_of(splits(data, seed)) != names_of(found) for seed in range(1, 5))
    assert "by writer or page" in found.note


def test_a_field_of_the_layout_says_whose_a_line_is(lines, tmp_path):
    frozen(tmp_path, lines)
    data = read_own_data(tmp_path)
    assert {line.group for line in data.lines} == {"font 0", "font 1", "font 2"}
    found = splits(data, 3)
    assert [len({line.group for line in part}) for part in found.values()] == [1, 1, 1]


def test_running_numbers_are_no_writers(lines, tmp_path):
    data = pairs(tmp_path, lines, [f"line_{number:04}" for number in range(24)])
    found = splits(data, 0)
    assert {line.group for line in data.lines} == {"the folder"}
    assert "by line, as all lines seem to be of one writer and page" in found.note
    assert [len(part) for part in found.values()] == [18, 3, 3]


def test_one_writer_is_split_by_page(lines, tmp_path):
    names = [f"diary_1834_p{page}_l{number}" for page in range(6) for number in range(4)]
    data = pairs(tmp_path, lines, names)
    assert {line.group for line in data.lines} == {"1834"}
    found = splits(data, 0)
    assert "by page, as all lines seem to be of one writer" in found.note
    pages = [{line.page for line in part} for part in found.values()]
    assert len(set.union(*pages)) == sum(map(len, pages)) == 6


def test_the_splits_of_the_layout_are_kept(lines, tmp_path):
    htr_vt(tmp_path, lines[:6])
    found = splits(read_own_data(tmp_path), 0)
    assert [len(part) for part in found.values()] == [2, 2, 2]
    assert found.note == "split as the layout says: train, val, test"


def test_validation_is_taken_from_training_where_the_layout_has_none(lines, tmp_path):
    names = [f"train/copy_{writer:04}_{number}" for writer in range(7) for number in range(3)]
    names += [f"test/copy_0009_{number}" for number in range(3)]
    found = splits(pairs(tmp_path, lines, names), 0)
    assert [len(part) for part in found.values()] == [18, 3, 3]
    assert {line.group for line in found["test"]} == {"0009"}


def test_a_writer_in_two_splits_is_refused(lines, tmp_path):
    names = ["train/copy_0001_1", "train/copy_0001_2", "train/copy_0001_3", "test/copy_0001_4"]
    with pytest.raises(UserError, match=r"test/copy_0001_4.png: its writer or page 0001 is in train .*keep it in one"):
        splits(pairs(tmp_path, lines, names), 0)


def test_words_of_two_folders_whose_names_only_count_are_no_overlap(lines, tmp_path):
    data = pairs(tmp_path, lines, [f"{split}/word_{n}" for split in ("train", "val") for n in range(4)])
    assert [len(part) for part in splits(data, 0).values()] == [4, 4, 0]


def test_a_picture_in_two_splits_under_two_names_is_refused(lines, tmp_path):
    copied = [*lines[:4], Line(lines[0].image_HW, lines[0].text)]
    data = pairs(tmp_path, copied, ["train/a", "train/b", "train/c", "val/d", "val/e"])
    with pytest.raises(UserError, match=r"val/e.png: the same picture is in train as train/a.png and in val"):
        splits(data, 0)


def test_a_list_of_writers_beside_pages_is_kept_to(lines, tmp_path):
    escriptorium(tmp_path, lines[:6])
    put(tmp_path / "splits.json", json.dumps({"train": ["0001"], "val": ["0002"], "test": []}))
    found = splits(read_own_data(tmp_path), 0)
    assert {split: {line.group for line in part} for split, part in found.items()} == {
        "train": {"0001"},
        "val": {"0002"},
        "test": set(),
    }


def test_pictures_of_a_test_writer_in_the_training_folder_are_not_trained_on(lines, tmp_path):
    escriptorium(tmp_path / "train", lines[:6])
    put(tmp_path / "splits.json", json.dumps({"test": ["0002"]}))
    found = splits(read_own_data(tmp_path), 0)
    assert {line.group for line in found["test"]} == {"0002"}
    assert {line.group for line in found["train"]} == {"0001"}


def test_nothing_usable_and_one_line_only_say_so(lines, tmp_path):
    with pytest.raises(UserError, match="only line that can be used"):
        splits(pairs(tmp_path / "one", lines[:1], ["a"]), 0)
    put(tmp_path / "none" / "a.gt.txt", "text")
    with pytest.raises(UserError, match="none of its lines can be used"):
        splits(read_own_data(tmp_path / "none"), 0)
