"""Error rates, their intervals over writers, differences of readers, and the tables made of them."""

import numpy as np
import pytest

from benchmarks.reading.jobs import Cost
from benchmarks.reading.report import Row, front, markdown, plot, set_result
from benchmarks.reading.scores import difference, plain, score
from benchmarks.reading.sets import About, BenchmarkSet, read_set, write_set

TRUTHS = ["abcd efgh"] * 40
WRITERS = [f"{number % 4}" for number in range(40)]


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("l’art", "l'art"),  # transcribers and readers differ in these without being wrong
        ("“a” — b", '"a" - b'),
        ("（A），！", "(A),!"),  # readers trained on Chinese
        (" a\n b ", "a b"),
        ("e\u0301", "é"),
    ],
)
def test_texts_are_compared_without_what_is_a_matter_of_style(text, compared):
    assert plain(text) == compared


def test_lost_spaces_count_except_in_the_column_that_ignores_them():
    found = score(["abcdefgh"] * 40, TRUTHS, WRITERS)
    assert found.cer().value == pytest.approx(1 / 9)
    assert found.without_spaces.rate == 0 and found.words.rate == 1


def test_the_interval_is_over_writers_not_over_lines():
    answers = ["xxxx efgh" if writer == "0" else truth for truth, writer in zip(TRUTHS, WRITERS, strict=True)]
    cer = score(answers, TRUTHS, WRITERS).cer()
    assert cer.value == pytest.approx(1 / 9)
    assert cer.low == 0 and cer.high > 2 / 9  # no sample of 4 writers need hold the bad one
    one = score(answers, TRUTHS, ["same"] * 40).cer()
    assert one.low > 0  # with a single source lines are drawn


def test_a_difference_is_above_zero_where_ours_is_better():
    ours, peer = score(TRUTHS, TRUTHS, WRITERS), score(["abxx efgh"] * 40, TRUTHS, WRITERS)
    assert difference(ours, peer).value == pytest.approx(2 / 9) and difference(ours, peer).excludes_zero
    assert difference(peer, ours).high < 0
    assert not difference(ours, ours).excludes_zero


def test_the_front_holds_who_is_beaten_by_none_in_both():
    assert front([(10, 3.0), (1, 5.0), (5, 6.0), (20, 3.0), (30, 1.0)]) == [(1, 5.0), (10, 3.0), (30, 1.0)]


@pytest.fixture
def result(tmp_path):
    write_set(tmp_path / "x", About("line", "print"), [(np.zeros((8, 8), np.uint8), t, "w") for t in TRUTHS[:4]])
    whole: BenchmarkSet = read_set(tmp_path / "x", "x")
    cost = Cost(5.0, 4.5, 6.25, 0.4, 90.0, 1.0)
    truths, writers = TRUTHS[:4], WRITERS[:4]
    rows = [
        Row("best", True, False, 7.9, score(truths, truths, writers), cost),
        Row("other", False, False, 21.2, score(["abcd"] * 4, truths, writers), Cost(50.0, 49.0, 51.0, 1.0, 800.0, 1.0)),
        Row("far away", False, True, 0.0, score(truths, truths, writers), None),
    ]
    return set_result(whole, whole, False, rows)


def test_the_report_shows_what_a_reader_costs_and_how_much_better_ours_is(result):
    shown = markdown([result], ["Load 1."])
    assert "| **best** | 0.00 [0.00, 0.00] | 0.00 | 0.0 | 5.0 (4.5-6.2) | 0.40 | 7.9 | 90 |" in shown
    assert "| far away | 0.00 [0.00, 0.00] | 0.00 | 0.0 | - | - | - | - |" in shown
    assert "| than other | 55.56 [55.56, 55.56] |" in shown
    assert "| than far away | 0.00 [0.00, 0.00] (undecided) |" in shown
    assert "not frozen" in shown and "Load 1." in shown


def test_the_plot_has_a_panel_for_each_set(result, tmp_path):
    plot([result, result], tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5000
