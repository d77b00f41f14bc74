"""The scripts: whatever paths and values hold, real sh passes it on unchanged, and shellcheck finds nothing."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlbox.cli import main
from tests.mlbox.boxes import hello_world, small_box

SHOWS = """\
import json, sys
[out] = [word[6:] for word in sys.argv if word.startswith("--out=")]
json.dump(sys.argv[1:], open(out, "w"))
"""
NASTY = [
    " ",
    "'",
    '"',
    "\n",
    "$HOME",
    "`id`",
    "\\",
    "é",
    "漢",
    "*",
    "?",
    ";",
    "&",
    "|",
    "-",
    "~",
    "#",
    "%",
    "{",
    "!",
    "\t",
    "a",
    "(",
    "<",
]
PLATFORMS = """\
here: {place: local}
there: {place: ssh, host: nowhere, setup: [module load a], vars: {A: "b c"}}
queue: {place: slurm, sbatch: {partition: long}}
far_queue: {place: slurm, host: nowhere, cache: /scratch/me, args: [--net=none]}
"""


def nasty(rng: random.Random) -> str:
    text = "".join(rng.choice(NASTY) for _ in range(rng.randint(1, 12)))
    return "x" if text.strip("./") == "" else text


@pytest.mark.parametrize("seed", range(12))
def test_any_value_and_path_reaches_the_task_unchanged(tmp_path, capfd, seed):
    import json

    rng = random.Random(seed)
    folder = tmp_path / ("box " + nasty(rng).replace("/", "_"))
    tasks = "  t:\n    params: {p: '', q: ''}\n    inputs: {source: {}}\n    outputs: {out: {}}\n"
    box = small_box(folder, tasks, SHOWS)
    p, q, source, out = nasty(rng), nasty(rng), "in" + nasty(rng), "out" + nasty(rng)
    (box / "workspace" / source).write_text("there")
    code = main(["run", f"{box}:t", f"p={p}", f"q={q}", f"source={source}", f"out={out}"])
    assert code == 0, capfd.readouterr().err
    words = json.loads((box / "workspace" / out).read_text())
    workspace = box.resolve() / "workspace"
    assert words[1:] == [f"--source={workspace / source}", f"--out={workspace / out}", f"--p={p}", f"--q={q}"]


@pytest.mark.parametrize("implementation", ["baremetal", "docker", "singularity"])
@pytest.mark.parametrize("platform", ["here", "there", "queue", "far_queue"])
def test_every_script_is_clean(tmp_path, capfd, implementation, platform):
    box = hello_world(tmp_path / "it's a box")
    (tmp_path / "p.yaml").write_text(PLATFORMS)
    target = f"{box}/{implementation}:hello/xinyuan"
    assert main(["run", "-n", f"{tmp_path}/p.yaml:{platform}", target]) == 0
    script = capfd.readouterr().out
    assert script.splitlines()[0] == "#!/bin/sh" or script.startswith("# on this machine: ")
    script = script[script.index("#!/bin/sh") :]
    assert_clean(script)


def test_the_script_of_an_environment_is_clean(tmp_path, capfd):
    box = small_box(tmp_path / "box", "  t: {}\n", more="    requirements: [numpy]\n    version: '3.11'\n")
    assert main(["run", "-n", f"{box}:t"]) == 0
    assert_clean(capfd.readouterr().out)


def assert_clean(script: str) -> None:
    """Let sh parse a script, and shellcheck read it."""
    parsed = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True)
    assert parsed.returncode == 0, parsed.stderr
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, "-"], input=script, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_what_dry_run_prints_does_the_task(tmp_path, capfd):
    box = hello_world(tmp_path / "box")
    assert main(["run", "--dry-run", f"{box}:goodbye/sergey"]) == 0
    script = capfd.readouterr().out
    assert not (box / ".mlbox").exists() and not (box / "workspace/greet_sergey.txt").exists()
    done = subprocess.run(
        ["sh"], input=script, text=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    assert (box / "workspace/farewell_sergey.txt").read_text() == "You said: Hello, Sergey! Goodbye, Sergey.\n"


def test_slurm_is_told_what_the_task_needs(tmp_path, capfd):
    tasks = "  t:\n    needs: {gpus: 2, cpus: 8, memory: 4G, time: '1:00:00'}\n"
    box = small_box(tmp_path / "box", tasks)
    (tmp_path / "p.yaml").write_text(PLATFORMS)
    assert main(["run", "-n", f"{tmp_path}/p.yaml:queue", f"{box}:t"]) == 0
    script = capfd.readouterr().out
    for option in ("--cpus-per-task=8", "--mem=4G", "--time=1:00:00", "--gres=gpu:2", "--partition=long", "--requeue"):
        assert f"#SBATCH {option}\n" in script


STAGES = """\
FROM debian AS environment
COPY requirements.txt /tmp/
FROM environment
COPY implementation /lab/
"""


def test_a_stage_of_a_dockerfile_is_an_image_that_later_stages_do_not_change(tmp_path, capfd):
    docker = "  docker:\n    type: docker\n    dockerfile: Dockerfile\n    target: environment\n"
    box = small_box(tmp_path / "box", "  t: {}\n", more=docker)
    (box / "Dockerfile").write_text(STAGES)
    (box / "requirements.txt").write_text("numpy\n")

    def image() -> str:
        assert main(["run", "-n", f"{box}/docker:t"]) == 0
        script = capfd.readouterr().out
        assert "--target environment" in script and "tar -cf - -- Dockerfile requirements.txt)" in script
        return re.findall(r"localhost/mlbox/docker:\w+", script)[0]

    first = image()
    (box / "implementation/src/task.py").write_text("# new\n")
    assert image() == first
    (box / "requirements.txt").write_text("scipy\n")
    assert image() != first
    (box / "Dockerfile").write_text(STAGES.replace("AS environment", "AS base"))
    assert main(["run", "-n", f"{box}/docker:t"]) == 120
    assert "mlbox.yaml:9: Dockerfile has no stage 'environment'" in capfd.readouterr().err
