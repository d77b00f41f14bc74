"""The words of synthetic lines."""

import pytest

from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.splits import SPLITS
from text_recognizer.synth.text import TextSource


@pytest.mark.parametrize("split", SPLITS)
def test_lines_are_of_about_the_wanted_length_without_stray_spaces(split):
    source = TextSource(split)
    for i in range(300):
        line = source.line(rng(i), 40)
        assert 1 <= len(line) <= 44
        assert line == " ".join(line.split())
        assert set(line) <= set(ASCII)
    lengths = [len(source.line(rng(i, "x"), 40)) for i in range(200)]
    assert 30 < sum(lengths) / 200 < 44


def test_a_line_is_a_pure_function_of_its_generator():
    assert TextSource().line(rng(3), 30) == TextSource().line(rng(3), 30)


def test_every_character_of_the_charset_is_met():
    source = TextSource()
    met = set().union(*(source.line(rng(i), 50) for i in range(3000)))
    assert met == set(ASCII)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_short_lines_hold_something(length):
    source = TextSource()
    assert all(source.line(rng(i), length).strip() for i in range(200))


def test_a_small_charset_is_kept_to():
    source = TextSource(characters="0123456789 ")
    assert all(set(source.line(rng(i), 20)) <= set("0123456789 ") for i in range(200))


def test_an_own_folder_is_the_only_source_of_prose(tmp_path):
    (tmp_path / "a.txt").write_text("zebra zebu zephyr zest zigzag zinc zip zodiac zone zoo zoom " * 20)
    source = TextSource("train", tmp_path)
    words = " ".join(source.paragraph(rng(i), 60) for i in range(30)).lower().split()
    assert sum(word.startswith("z") for word in words) > 0.9 * len(words)


def test_decomposed_letters_of_a_file_are_not_turned_into_bare_ones(tmp_path):
    (tmp_path / "a.txt").write_text("re\u0301sume\u0301 " * 50, encoding="utf-8")
    assert "e" not in "".join(TextSource("train", tmp_path, "rsume ").paragraph(rng(i), 20) for i in range(20)).lower()


@pytest.mark.parametrize(
    ("files", "characters", "message"),
    [
        (None, ASCII, "holds no .txt file"),  # the folder is missing
        ({}, ASCII, "holds no .txt file"),  # it is empty
        ({"a.md": b"hello"}, ASCII, "holds no .txt file"),  # no text file in it
        ({"a.txt": b""}, ASCII, "no text to draw"),  # nothing in the file
        ({"a.txt": b"caf\xe9 au lait"}, ASCII, "a.txt: is not UTF-8 at byte 3"),
        ({"a.txt": b"hello"}, "0123456789", "no text to draw"),  # nothing of the charset in it
        ({"a.txt": b"hello you"}, " ", "no text to draw"),  # a charset without ink
        ({"a.txt": b"hello"}, "helo\u00e9", "'\u00e9'"),  # a character that cannot be drawn
    ],
)
def test_what_gives_no_text_is_refused(tmp_path, files, characters, message):
    folder = tmp_path / "texts"
    if files is not None:
        folder.mkdir()
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        TextSource("train", folder, characters)
