"""The benchmark of writing token by token, with a small model."""

import pytest

from benchmarks import decode
from tests.models.small_models import page_transformer


def test_both_ways_are_timed_in_turns_and_their_ratio_is_told():
    arms = {**decode.transformer_arms(30, [1, 2], page_transformer(40)), "ctc": (1, lambda: sum(range(10_000)))}
    taken = decode.timed(arms, 2)
    assert [len(timed.seconds) for timed in taken.values()] == [2] * 5
    lines = decode.rows(taken, [1, 2], 30)
    assert len(lines) == 2 + 4 + 1
    ratio = float(lines[3].split("|")[4])
    assert ratio == pytest.approx(taken["without 1"].per_page / taken["with 1"].per_page, abs=0.06)


def test_the_ctc_reader_reads_as_many_characters():
    assert sum(len(text) for text in decode.ctc_arm(20)()) >= 0


def test_a_mistake_is_one_sentence(capsys):
    assert decode.main(["--characters", "0"]) == 2
    assert capsys.readouterr().err.startswith("decode: --characters 0: is out of range")
