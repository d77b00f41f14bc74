"""Prepared folders are absent or whole."""

import threading

import pytest

from text_recognizer.data.prepared import MANIFEST, check_digests, is_whole, prepared
from text_recognizer.errors import UserError

RECIPE = {"set": "letters", "version": 1, "sources": {"a.zip": None}}


def write(folder):
    (folder / "a.txt").write_text("a" * 1000)
    (folder / "b.txt").write_text("b")


def test_the_files_are_there_with_a_manifest(tmp_path):
    folder = prepared(tmp_path / "data" / "letters", RECIPE, write)
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt", MANIFEST]
    assert is_whole(folder, RECIPE) and check_digests(folder) == 2
    prepared(folder, RECIPE, lambda _: pytest.fail("it is whole"))


def test_a_failure_leaves_nothing(tmp_path):
    def fail(folder):
        write(folder)
        raise UserError("the source is damaged")

    with pytest.raises(UserError, match="damaged"):
        prepared(tmp_path / "letters", RECIPE, fail)
    assert not (tmp_path / "letters").exists()
    assert prepared(tmp_path / "letters", RECIPE, write).is_dir()


def test_another_recipe_is_prepared_anew(tmp_path):
    folder = prepared(tmp_path / "letters", RECIPE, write)
    prepared(folder, {**RECIPE, "version": 2}, lambda beside: (beside / "c.txt").write_text("c"))
    assert sorted(path.name for path in folder.iterdir()) == ["c.txt", MANIFEST]


def test_a_file_that_was_cut_off_is_prepared_again(tmp_path):
    folder = prepared(tmp_path / "letters", RECIPE, write)
    (folder / "a.txt").write_text("a" * 999)
    assert not is_whole(folder, RECIPE)
    assert (prepared(folder, RECIPE, write) / "a.txt").read_text() == "a" * 1000


def test_a_changed_byte_is_found_by_digest(tmp_path):
    folder = prepared(tmp_path / "letters", RECIPE, write)
    (folder / "a.txt").write_text("a" * 999 + "b")
    with pytest.raises(UserError, match="a.txt: it has changed"):
        check_digests(folder)


def test_a_folder_of_the_users_is_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="move it away"):
        prepared(tmp_path / "letters", RECIPE, write)
    assert (tmp_path / "letters" / "mine.txt").read_text() == "mine"


def test_two_at_once_prepare_once(tmp_path):
    written = []

    def counted(folder):
        written.append(folder)
        write(folder)

    threads = [threading.Thread(target=prepared, args=(tmp_path / "letters", RECIPE, counted)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1 and is_whole(tmp_path / "letters", RECIPE)
