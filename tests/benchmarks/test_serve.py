from itertools import islice

import pytest

from benchmarks.serve import main, per_second, quantile
from benchmarks.serving.driver import _mixed

SAMPLES = [("good", 200, 0.1, 0.5), ("good", 200, 0.3, 1.0), ("good", 429, 0.0, 2.0)]


def test_only_what_was_read_counts():
    assert per_second(SAMPLES) == 2
    assert quantile(SAMPLES, 0.5) == pytest.approx(200)


def test_a_soak_sends_every_kind_of_request():
    kinds = [kind for kind, _ in islice(_mixed("/v1/read", [b"x"]), 200)]
    assert set(kinds) == {"good", "bad", "huge", "cancelled", "cancelled in its body"}
    assert 90 < kinds.count("good") < 150


@pytest.mark.slow
def test_a_short_run_prints_the_table(capsys):
    assert main(["--servers", "fast", "--seconds", "1", "--workers", "1"]) == 0
    table = capsys.readouterr().out
    assert "| ours fast |" in table
    assert "ours fast at three times its rate:" in table
