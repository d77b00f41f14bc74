"""The words of synthetic lines."""

import pytest

from text_recognizer.charset import ASCII, LATIN
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


def languages(folder):
    """Write documents of three languages: two for training, one of which has another for the test."""
    for path, text in {
        "french/roman.txt": "forêt hêtre chêne fenêtre rêve pêche ",
        "french/human-rights.txt": "liberté égalité dignité unité ",
        "danish/avis.txt": "bæger gæst træ læge ",
        "polish/human-rights.txt": "wolność godność równość ",
    }.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text * 60, encoding="utf-8")


@pytest.mark.parametrize(("split", "letters"), [("train", "êæ"), ("test", "éś"), ("validation", "êéæś")])
def test_a_sub_folder_is_a_language_and_a_document_belongs_to_one_split(tmp_path, split, letters):
    languages(tmp_path)
    source = TextSource(split, tmp_path, LATIN)
    met = "".join(source.paragraph(rng(i), 40) for i in range(200)).lower()
    assert {letter for letter in "êéæś" if letter in met} == set(letters)  # validation has none: all are used


def test_french_is_drawn_more_often_than_danish(tmp_path):
    languages(tmp_path)
    source = TextSource("train", tmp_path, LATIN)
    met = [source.paragraph(rng(i), 30).lower() for i in range(400)]
    assert 3 < sum("ê" in text for text in met) / sum("æ" in text for text in met) < 5.5


def test_every_character_of_latin_is_met_and_typography_too(tmp_path):
    languages(tmp_path)
    source = TextSource("train", tmp_path, LATIN)
    lines = [source.line(rng(i), 50) for i in range(6000)]
    assert set().union(*lines) == set(LATIN)
    for mark in ("« ", " »", "„", "’", " – ", "…", " €", "n° "):
        assert sum(mark in line for line in lines) > 5, mark


def test_without_a_folder_the_lines_of_ascii_are_those_they_always_were():
    source = TextSource()
    assert [source.line(rng(i), 24) for i in (0, 1, 42)] == [
        "\"We'd like to order N",
        "No. 483 31*172= 33.14 1936-0",
        "Vannevar Bush's prediction",
    ]


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
        ({"a.txt": b"hello"}, "helo\u03b1", "'\u03b1'"),  # a character that cannot be drawn
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
