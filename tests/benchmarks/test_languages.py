import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # as when the program is run

import languages

from text_recognizer.errors import UserError
from text_recognizer.metrics.error_rate import character_error_rate


def test_each_language_has_a_row_with_both_kinds(tmp_path, capsys):
    for name, text in (("french", "Où est l'été à la plage ? "), ("german", "Über den schönen Bäumen grünt es. ")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "story.txt").write_text(text * 40, encoding="utf-8")
    assert languages.main(["--texts", str(tmp_path), "--lines", "4"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("| french", "| german"))]
    assert len(rows) == 2 and all(row.count("|") == 5 for row in rows)


def test_a_language_that_is_not_there_is_named(tmp_path):
    (tmp_path / "french").mkdir()
    with pytest.raises(UserError, match="klingon.*make texts"):
        languages.languages_in(tmp_path, ["klingon"])


def test_letters_beyond_ascii_are_counted_apart():
    rate = character_error_rate(["ete"], ["été"])
    row = languages.LanguageScore("french", {"print": rate, "handwriting": rate}, 2, 0).row()
    assert row.startswith("| french | 66.67") and row.endswith("| 0.0 of 2 |")
