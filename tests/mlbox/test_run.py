"""Running on this machine: the order, what need not run again and why, exit codes, and what becomes of outputs."""

import json
import os
import stat

import pytest

from mlbox.cli import main
from tests.mlbox.boxes import CHAIN, COPY, hello_world, small_box


@pytest.fixture
def chain(tmp_path):
    box = small_box(tmp_path / "box", CHAIN)
    (box / "workspace/a.txt").write_text("a")
    return box


def test_a_task_is_run_after_what_it_needs(tmp_path, capfd):
    box = hello_world(tmp_path / "box")
    assert main(["run", f"{box}:goodbye/xinyuan"]) == 0
    told = capfd.readouterr()
    assert told.out == "Hello, Xinyuan!\nYou said: Hello, Xinyuan! Goodbye, Xinyuan.\n"
    assert (box / "workspace/farewell_xinyuan.txt").read_text() == "You said: Hello, Xinyuan! Goodbye, Xinyuan.\n"
    assert not (box / "workspace/greet_sergey.txt").exists()
    assert (box / "workspace/greet_xinyuan.txt").stat().st_uid == os.geteuid()


def test_nothing_runs_twice_without_a_reason(chain, capfd):
    assert main(["run", f"{chain}:second"]) == 0
    assert main(["run", f"{chain}:second"]) == 0
    assert capfd.readouterr().err.count("not run again") == 2


def change_input(box):
    (box / "workspace/a.txt").write_text("A")


def change_middle(box):
    (box / "workspace/b.txt").write_text("B")


def remove_output(box):
    (box / "workspace/c.txt").unlink()


def change_code(box):
    (box / "implementation/src/task.py").write_text(COPY + "# new\n")


def touch_input(box):
    os.utime(box / "workspace/a.txt", (1, 1))


@pytest.mark.parametrize(
    ("change", "words", "first", "second"),
    [
        (change_input, [], "input source changed", "input source changed"),
        (change_middle, [], "output out was changed since", "nothing has changed"),  # the first makes b.txt as it was
        (remove_output, [], "nothing has changed", "output out is missing"),
        (change_code, [], "code implementation/src/task.py changed", "code implementation/src/task.py changed"),
        (touch_input, [], "nothing has changed", "nothing has changed"),  # content counts, not time
        (lambda box: None, ["more=?"], "nothing has changed", "parameter more changed"),
        (lambda box: None, ["--force"], "nothing has changed", "forced"),
    ],
)
def test_exactly_what_depends_on_a_change_runs_again_and_says_why(chain, capfd, change, words, first, second):
    assert main(["run", f"{chain}:second"]) == 0
    change(chain)
    capfd.readouterr()
    assert main(["run", f"{chain}:second", *words]) == 0
    lines = capfd.readouterr().err.splitlines()
    assert f"first/default: {first}" in lines[0]
    assert f"second/default: {second}" in lines[1]


def test_only_leaves_the_tasks_before_out(chain, capfd):
    assert main(["run", "--only", f"{chain}:second"]) == 121
    assert "input source is missing" in capfd.readouterr().err


def test_a_missing_input_is_told_before_anything_starts(chain, capfd):
    (chain / "workspace/a.txt").unlink()
    assert main(["run", f"{chain}:second"]) == 121
    told = capfd.readouterr().err
    assert f"first/default: input source is missing: {chain}/workspace/a.txt" in told
    assert not (chain / "workspace/b.txt").exists()


@pytest.mark.parametrize("code", [1, 37, 85, 120, 137])  # mlbox's own codes, too, are passed on as the task's
def test_the_code_of_the_task_comes_back(tmp_path, capfd, code):
    box = small_box(tmp_path / "box", "  t:\n    outputs: {out: {default: o}}\n", f"raise SystemExit({code})")
    assert main(["run", f"{box}:t"]) == code
    assert f"exit code {code}" in capfd.readouterr().err
    assert main(["run", f"{box}:t"]) == code  # what has failed is due
    assert f"the last run failed (exit code {code})" in capfd.readouterr().err


@pytest.mark.parametrize("folder", [False, True])
def test_an_output_that_is_left_out_is_a_fault(tmp_path, capfd, folder):
    kind = ", type: directory" if folder else ""
    box = small_box(tmp_path / "box", f"  t:\n    outputs: {{out: {{default: o{kind}}}}}\n", "pass")
    assert main(["run", f"{box}:t"]) == 123
    assert "ended well, but left out o" in capfd.readouterr().err


def test_old_outputs_move_out_of_the_way_and_kept_ones_stay(tmp_path):
    script = (
        "import sys, pathlib\noptions = dict(word[2:].split('=', 1) for word in sys.argv[1:])\n"
        "for name in ('new', 'kept'):\n    folder = pathlib.Path(options[name])\n"
        "    (folder / str(len(list(folder.iterdir())))).write_text('x')\n"
    )
    tasks = "  t:\n    outputs: {new: {default: n, type: directory}, kept: {default: k, type: directory, keep: true}}\n"
    box = small_box(tmp_path / "box", tasks, script)
    for _ in range(2):
        assert main(["run", "-f", f"{box}:t"]) == 0
    assert sorted(os.listdir(box / "workspace/n")) == ["0"]
    assert sorted(os.listdir(box / "workspace/k")) == ["0", "1"]
    assert (box / ".mlbox/trash/t-default/n/0").exists()


def test_a_parameter_that_is_null_is_left_out(tmp_path, capfd):
    tasks = "  t:\n    inputs: {data: {optional: true}}\n    params: {n: 3}\nsets: {t: {none: {data: null}}}\n"
    box = small_box(tmp_path / "box", tasks, "import sys; print(sys.argv[1:])")
    assert main(["run", f"{box}:t/none"]) == 0
    assert capfd.readouterr().out == "['--mlbox_task=t', '--n=3']\n"


def test_run_says_what_the_command_is(tmp_path, capfd):
    tasks = "  t:\n    run: [sh, -c, 'echo $0 $COLOUR', '{what} in {task}']\n"
    tasks += "    params: {what: tea}\n    env: {COLOUR: green}\n"
    box = small_box(tmp_path / "box", tasks)
    assert main(["run", f"{box}:t"]) == 0
    assert capfd.readouterr().out == "tea in t green\n"


def test_variables_are_passed_by_name_and_never_written_down(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    tasks = "  t:\n    run: [sh, -c, 'echo ${#TOKEN}']\n    pass_env: [TOKEN]\n"
    box = small_box(tmp_path / "box", tasks)
    assert main(["run", f"{box}:t"]) == 0
    assert capfd.readouterr().out == "6\n"
    files = [path for path in box.rglob("*") if stat.S_ISREG(path.stat().st_mode)]
    assert not [path for path in files if b"s3cret" in path.read_bytes()]


def test_a_sweep_runs_once_for_each_value(chain, capfd):
    assert main(["run", "--sweep", "more=1,2", f"{chain}:second"]) == 0
    assert (chain / "workspace/c.txt-more=1").read_text() == "a1"
    assert (chain / "workspace/c.txt-more=2").read_text() == "a2"


def test_the_record_of_a_run(chain, capfd):
    assert main(["run", "--json", f"{chain}:second"]) == 0
    record = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert record["state"] == "done" and record["rc"] == 0 and record["facts"]["gpu"] in ("none", "nvidia")


def test_a_gpu_that_is_required_and_absent(tmp_path, capfd):
    tasks = "  t:\n    needs: {gpus: required}\n    outputs: {out: {default: o}}\n"
    box = small_box(tmp_path / "box", tasks, COPY.replace('options["source"]', "__file__"))
    there = os.path.exists("/proc/driver/nvidia/version")
    for command in (["configure", str(box)], ["run", f"{box}:t"]):
        assert main(command) == (0 if there else 122)
        assert there or "t: a GPU is required, and there is no NVIDIA driver on" in capfd.readouterr().err


def test_runs_are_listed_and_their_words_kept(chain, capfd):
    assert main(["run", f"{chain}:first"]) == 0
    capfd.readouterr()
    assert main(["status", str(chain)]) == 0
    name, state = capfd.readouterr().out.split()
    assert state == "done"
    assert main(["logs", str(chain / ".mlbox/runs" / name)]) == 0


def test_clean_removes_what_runs_have_left(chain):
    assert main(["run", f"{chain}:second"]) == 0
    assert main(["clean", "--outputs", str(chain)]) == 0
    assert sorted(os.listdir(chain / "workspace")) == ["a.txt"]
    assert not (chain / ".mlbox/runs").exists()
