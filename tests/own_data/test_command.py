"""``python -m training.own_data`` as a user runs it: what it prints, what it writes, its exit codes."""

import pytest

from tests.own_data.line_folders import cut_short, frozen, known_lines, put
from training.command_line import mistakes_shown
from training.own_data import main


@pytest.fixture
def command(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as end, mistakes_shown():
            raise SystemExit(main([str(argument) for argument in arguments]))
        told = capsys.readouterr()
        return int(end.value.code), told.out, told.err

    return run


def test_it_tells_layout_lines_groups_splits_characters_sizes_and_faults(command, tmp_path):
    lines = known_lines(12)
    cut_short(frozen(tmp_path, lines))
    put(tmp_path / "truth.tsv", (tmp_path / "truth.tsv").read_text().replace(lines[0].text, "Жизнь"))
    code, out, _ = command(tmp_path)
    assert code == 0
    said = out.splitlines()
    assert said[:2] == ["layout: table", "lines: 11, faults: 1"]
    assert said[2].startswith("groups: 3, by a field says so; the largest: font 0 (4)")
    assert any(row.startswith("splits: train ") for row in said)
    assert any("not in the charset LATIN: 'Ж' U+0416 (1, first in truth.tsv row 2 (000.png))" in row for row in said)
    assert any(row.startswith("heights, px: ") and "median" in row for row in said)
    assert said[-1].startswith("fault: 001.png: ")


def test_out_writes_pairs_split_by_writer_where_that_is_asked_for(command, tmp_path):
    frozen(tmp_path / "in", known_lines(12))
    code, out, _ = command(tmp_path / "in", "--out", tmp_path / "out", "--split", "true")
    assert code == 0
    assert out.splitlines()[-1] == f"12 pairs in {tmp_path / 'out'}, 0 of them were there already"
    assert len(list((tmp_path / "out" / "train").glob("*.gt.txt"))) >= 4


def test_a_folder_of_nothing_usable_ends_with_1_and_a_wrong_call_with_2(command, tmp_path):
    put(tmp_path / "a.gt.txt", "text")
    code, out, err = command(tmp_path)
    assert code == 1
    assert "fault: a.gt.txt: has no picture a.png beside it" in out
    assert err.startswith("error: ") and "none of its lines can be used" in err
    assert command(tmp_path, "--layout", "pear")[0] == 2
    assert command(tmp_path / "gone")[0] == 1


def test_faults_beyond_twenty_are_counted(command, tmp_path):
    for number in range(25):
        put(tmp_path / f"{number}.gt.txt", "text")
    assert command(tmp_path)[1].splitlines()[-1] == "and 5 more; --all true prints them"
    assert command(tmp_path, "--all", "true")[1].count("fault: ") == 25
