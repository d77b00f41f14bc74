"""Error rates against an independent implementation."""

import random

import pytest
from torchmetrics.text import CharErrorRate, WordErrorRate

from text_recognizer.errors import UserError
from text_recognizer.metrics.error_rate import character_error_rate, word_error_rate


def noisy(text: str, dice: random.Random) -> str:
    """Return `text` with some characters left out, doubled or replaced."""
    changed = (dice.choice(["", c * 2, "x", c, c, c]) for c in text)
    return "".join(changed)


@pytest.mark.parametrize("seed", range(10))
def test_rates_agree_with_torchmetrics(seed):
    dice = random.Random(seed)
    truths = ["".join(dice.choices("abc de  f", k=dice.randint(1, 40))).strip() or "a" for _ in range(30)]
    predictions = [noisy(truth, dice) for truth in truths]
    assert character_error_rate(predictions, truths).rate == pytest.approx(float(CharErrorRate()(predictions, truths)))
    assert word_error_rate(predictions, truths).rate == pytest.approx(float(WordErrorRate()(predictions, truths)))


@pytest.mark.parametrize(
    ("prediction", "truth", "cer", "wer"),
    [
        ("", "", 0.0, 0.0),  # nothing to read and nothing read
        ("ab", "", 1.0, 1.0),  # something read where nothing is
        ("", "ab cd", 1.0, 1.0),
        ("abcabc", "abc", 1.0, 1.0),  # a rate above 1 is possible
        ("abcabcabc", "abc", 2.0, 1.0),
        ("a b", "ab", 0.5, 2.0),  # spaces are characters
        ("AB", "ab", 1.0, 1.0),  # so is the case
    ],
)
def test_edge_cases(prediction, truth, cer, wer):
    assert character_error_rate([prediction], [truth]).rate == cer
    assert word_error_rate([prediction], [truth]).rate == wer


def test_long_lines_weigh_more_than_short_ones():
    assert character_error_rate(["x", "abcdefghi"], ["a", "abcdefghi"]).rate == pytest.approx(0.1)


@pytest.mark.parametrize(("predictions", "truths"), [([], []), (["a"], []), (["a"], ["a", "b"])])
def test_lists_that_do_not_match_are_refused(predictions, truths):
    for rate in (character_error_rate, word_error_rate):
        with pytest.raises(UserError, match=f"{len(predictions)} predictions for {len(truths)} truths"):
            rate(predictions, truths)


def test_the_interval_covers_the_true_rate_about_as_often_as_it_says():
    covered = 0
    for seed in range(150):
        dice = random.Random(seed)
        truths = ["a" * 20] * 60
        predictions = ["".join("b" if dice.random() < 0.1 else "a" for _ in range(20)) for _ in truths]
        low, high = character_error_rate(predictions, truths).interval(share=0.9, draws=300, seed=seed)
        assert low <= high
        covered += low <= 0.1 <= high
    assert 0.8 <= covered / 150 <= 0.97


def test_the_interval_is_reproducible_and_narrows_with_more_lines():
    few = character_error_rate(["ab"] * 5 + ["xx"] * 5, ["ab"] * 10)
    many = character_error_rate(["ab"] * 500 + ["xx"] * 500, ["ab"] * 1000)
    assert few.interval() == few.interval()
    assert few.interval()[1] - few.interval()[0] > 4 * (many.interval()[1] - many.interval()[0])


def test_the_interval_of_no_errors_is_a_point():
    assert character_error_rate(["ab"] * 9, ["ab"] * 9).interval() == (0.0, 0.0)


START, END, PADDING = 90, 91, 0


@pytest.mark.parametrize(
    ("read", "cer"),
    [
        ([START, 1, 2, 3, END, PADDING], 0.0),
        ([1, 2, 3], 0.0),
        ([PADDING, 1, START, 2, 3, END, END], 0.0),  # wherever they stand
        ([START, 1, 9, 3, END], 1 / 3),
        ([END, PADDING, PADDING], 1.0),
    ],
)
def test_special_tokens_count_neither_as_right_nor_as_wrong(read, cer):
    special = {START, END, PADDING}
    truth = [START, 1, 2, 3, END, PADDING, PADDING]
    assert character_error_rate([read], [truth], ignored=special).rate == pytest.approx(cer)


def test_words_of_tokens_are_what_spaces_separate_and_special_tokens_do_not():
    special, space = {START, END, PADDING}, {5}
    truth = [START, 1, 2, 5, 3, END]
    assert word_error_rate([[1, PADDING, 2, 5, 5, 3]], [truth], ignored=special, spaces=space).rate == 0
    assert word_error_rate([[1, 2, 3]], [truth], ignored=special, spaces=space).rate == 1.0
    assert word_error_rate(["ab<c d"], ["ab c d"], ignored="<").rate == pytest.approx(2 / 3)
