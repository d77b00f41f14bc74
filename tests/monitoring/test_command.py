"""The command `text-recognizer monitor`, as a user types it."""

import re
import time
from contextlib import closing

import numpy as np
import pytest

from tests.monitoring.pages import page
from text_recognizer.inference.cli import main
from text_recognizer.monitoring.records import FEATURES, Feedback, Loss, Reading
from text_recognizer.monitoring.stores import open_store

DAY = 86_400


def features(dice: np.random.Generator, confidence: float) -> dict[str, float]:
    return {name: float(dice.normal(confidence, 0.05)) for name in FEATURES}


@pytest.fixture
def store(tmp_path):
    """A hundred good readings of last week, and a hundred of today that are worse."""
    dice, now = np.random.default_rng(1), time.time()
    with closing(open_store(str(tmp_path / "m.db"), create=True)) as opened:
        good = [Reading(now - 7 * DAY + 60 * n, str(n), "best", "api", features(dice, 0.9)) for n in range(100)]
        bad = [Reading(now - 6000 + 60 * n, str(n), "<b>", "api", features(dice, 0.6)) for n in range(100)]
        told = Feedback(now, "f1", "3", "wrong text", "text", ({"text": page("text").lines[0].text},))
        opened.append([*good, *bad, told, Loss(now, 3, "more records than could be written")])
    return tmp_path / "m.db"


def test_a_report_is_one_page_that_needs_nothing_else(store, tmp_path, capsys):
    assert main(["monitor", "report", str(store), "--out", str(tmp_path / "report.html")]) == 0
    html = (tmp_path / "report.html").read_text()
    assert "200 readings, 0 alarms" in capsys.readouterr().out
    assert html.count("<svg ") == 14 and "Nobody" not in html and "wrong text" in html
    assert "<script" not in html and "@import" not in html and "url(http" not in html
    assert not re.search(r"""(?:src|href)=["'](?!#|data:,)""", html)  # nothing is fetched
    assert "&lt;b&gt;" in html and "<b>" not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_drift_since_the_reference_is_an_alarm(store, tmp_path, capsys):
    reference, out = tmp_path / "reference.json", tmp_path / "report.html"
    week_old = tmp_path / "week.db"
    with closing(open_store(str(store))) as opened, closing(open_store(str(week_old), create=True)) as older:
        older.append([reading for reading in opened.readings() if reading.model == "best"])
    assert main(["monitor", "reference", str(week_old), "--out", str(reference)]) == 0
    assert main(["monitor", "report", str(week_old), "--out", str(out), "--reference", str(reference)]) == 0
    assert "0 alarms" in capsys.readouterr().out and "look like the 100 of the reference" in out.read_text()
    assert main(["monitor", "report", str(store), "--out", str(out), "--reference", str(reference)]) == 0
    said = capsys.readouterr().out
    assert "alarm: mean confidence of the characters: median 0.6" in said and "14 alarms" in said
    assert "14 alarms" in out.read_text() and "ALARM" in out.read_text()


def test_days_limit_what_is_looked_at(store, tmp_path, capsys):
    assert main(["monitor", "report", str(store), "--out", str(tmp_path / "r.html"), "--days", "1"]) == 0
    assert "100 readings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["report", "{}/none.db", "--out", "{}/r.html"], 1, "there is no such store"),
        (["report", "{}/m.db", "--out", "{}/no/r.html"], 1, "cannot write here"),
        (["report", "{}/m.db", "--out", "{}/r.html", "--reference", "{}/no.json"], 1, "cannot be read"),
        (["report", "{}/m.db"], 2, "--out"),
        (["report", "{}/m.db", "--out", "{}/r.html", "--days", "0"], 2, "above 0"),
        (["export", "{}/m.db", "--out", "{}/lines"], 1, "no correction with its picture"),
        (["reprot", "{}/m.db"], 2, "reprot"),
        ([], 2, "ACTION"),
        (["report", "{}/m.db", "--out", "{}/r.html", "--referense", "x"], 2, "did you mean --reference?"),
    ],
)
def test_mistakes_are_one_sentence(words, code, said, store, tmp_path, capsys):
    assert main(["monitor", *(word.format(tmp_path) for word in words)]) == code
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_help_of_every_action_fits_a_screen(capsys):
    for words in ([], ["report"], ["reference"], ["export"]):
        with pytest.raises(SystemExit):
            main(["monitor", *words, "--help"])
        assert capsys.readouterr().out.count("\n") < 24
