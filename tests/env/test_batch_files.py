"""What happens inside a job, without Slurm: an environment is made, a run resumes, saves on a signal, is requeued."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import version_truth

ROOT = Path(__file__).parents[2]
PYTHON = version_truth.read(ROOT).values["python"]
FOLDER = ROOT / "platforms" / "slurm"
RUN = """
import signal, sys, time
def stop(*_):
    print("saved", flush=True)
    sys.exit(85)
signal.signal(signal.SIGUSR1, stop)
print(*sys.argv[1:], flush=True)
if "--wait" in sys.argv:
    time.sleep(30)
sys.exit(int(sys.argv[-1]) if sys.argv[-1].isdigit() else 0)
"""


@pytest.fixture
def job(tmp_path):
    """A repository whose run only says how it was called, on a node whose make and scontrol write down theirs."""
    for name in ("training", "platforms", "bin", "runs"):
        (tmp_path / name).mkdir()
    shutil.copytree(FOLDER, tmp_path / "platforms" / "slurm")
    (tmp_path / "training" / "run_experiment.py").write_text(RUN)
    program(tmp_path, "make", f"mkdir -p .venv/bin\nln -sf {sys.executable} .venv/bin/python")
    program(tmp_path, "scontrol", "exit ${REFUSES:-0}")
    program(tmp_path, "sleep", "exit 0")
    program(tmp_path, "squeue", "echo RUNNING")
    return tmp_path


def program(folder: Path, name: str, body: str) -> None:
    path = folder / "bin" / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{folder}/said"\n{body}\n')
    path.chmod(0o755)


def environ(job: Path, **more: str) -> dict[str, str]:
    slurm = {
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NAME": "lab",
        "SLURM_SUBMIT_DIR": str(job),
        "SLURM_TMPDIR": str(job / "tmp"),
    }
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "SLURM"))}
    return {**known, **slurm, "PATH": f"{job}/bin:{os.environ['PATH']}", **more}


def batch(job: Path, name: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(job / "platforms" / "slurm" / name), *words]
    return subprocess.run(command, cwd=job, env=environ(job, **more), capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["venv.sbatch", "conda.sbatch", "mamba.sbatch"])
def test_a_job_makes_its_environment_and_resumes_its_own_run(job, name):
    done = batch(job, name, "--max_steps", "5")
    assert done.returncode == 5, done.stderr  # the stub ends with its last number
    runs = f"--runs {job}/runs " if name == "mamba.sbatch" else ""
    assert done.stdout.splitlines()[-1] == f"--name lab-7 --resume auto {runs}--max_steps 5"
    assert "make env" in (job / "said").read_text()


def test_a_job_on_local_scratch_leaves_nothing_behind(job):
    assert batch(job, "mamba.sbatch", "0").returncode == 0
    assert list((job / "tmp").iterdir()) == []


def test_an_environment_at_home_is_made_once(job):
    home = job / "home"
    for _ in range(2):
        done = batch(job, "venv.sbatch", "0", LAB_ENV="home", HOME=str(home))
        assert done.returncode == 0, done.stderr
    assert (job / ".venv").resolve().parent == home / "text-recognizer-env"
    assert (job / ".venv").is_symlink() and (job / ".venv/bin/python").exists()


def test_an_environment_in_the_repository_is_not_moved(job):
    (job / ".venv").mkdir()
    assert batch(job, "venv.sbatch", "0", LAB_ENV="home", HOME=str(job / "home")).returncode == 0
    assert not (job / ".venv").is_symlink() and not (job / "home").exists()


@pytest.mark.parametrize(
    ("named", "loaded"),
    [(None, ["python/" + PYTHON]), ("", []), ("GCC none Python", ["GCC", "none", "Python"])],
)
def test_a_site_names_its_own_modules_and_lacks_some(job, named, loaded):
    """A function as sites have it: it fails where there is no such module."""
    function = f'() {{ echo "$2" >> "{job}/loaded"; [ "$2" != none ]; }}'
    more = {"BASH_FUNC_module%%": function, **({} if named is None else {"LAB_MODULES": named})}
    done = batch(job, "venv.sbatch", "0", **more)
    assert done.returncode == 0, done.stderr
    there = (job / "loaded").read_text().split() if (job / "loaded").exists() else []
    assert there == loaded
    assert ("no module none here, going on without it" in done.stderr) == ("none" in loaded)


def test_a_manager_that_fails_leaves_nothing_on_the_node(job):
    program(job, "make", "exit 2")
    assert batch(job, "mamba.sbatch", "0").returncode == 2
    assert list((job / "tmp").iterdir()) == []


def test_a_sif_is_run_with_the_gpu_and_the_runs_folder(job):
    program(job, "apptainer", "")
    assert batch(job, "apptainer.sbatch", "lab.sif", "--max_steps", "5").returncode == 0
    said = (job / "said").read_text().splitlines()[-1]
    bound = f"apptainer run --nv --bind {job}/runs:/lab/runs --pwd /lab lab.sif python training/run_experiment.py"
    assert said == f"{bound} --name lab-7 --resume auto --max_steps 5"


def test_a_sif_must_be_named(job):
    done = batch(job, "apptainer.sbatch")
    assert done.returncode != 0 and "name the SIF: sbatch platforms/slurm/apptainer.sbatch IMAGE.sif" in done.stderr


@pytest.mark.parametrize(("state", "refuses"), [("RUNNING", "0"), ("RUNNING", "1"), ("COMPLETING", "0")])
def test_a_signal_before_the_limit_saves_and_queues_again_unless_it_was_cancelled(job, state, refuses):
    program(job, "squeue", f"echo {state}")
    command = ["bash", str(job / "platforms/slurm/train.sh"), sys.executable, "--", "--wait"]
    scratch = job / "scratch"
    scratch.mkdir()
    known = environ(job, REFUSES=refuses, LAB_SCRATCH=str(scratch))
    with subprocess.Popen(command, cwd=job, env=known, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline().startswith("--name lab-7")
        time.sleep(0.1)
        running.send_signal(signal.SIGUSR1)
        said = running.stdout.read()
    assert running.returncode == 85
    assert ("scontrol requeue 7" in (job / "said").read_text()) == (state == "RUNNING")
    assert ("job 7 is queued again" in said) == (refuses == "0" and state == "RUNNING")
    assert not scratch.exists()


def test_another_end_is_the_jobs_own(job):
    done = batch(job, "train.sh", sys.executable, "--", "3")
    assert done.returncode == 3
    assert not (job / "said").exists()


def test_every_batch_file_asks_to_be_warned_and_requeued_and_shares_the_rest():
    for path in FOLDER.glob("*.sbatch"):
        text = path.read_text(encoding="utf-8")
        asked = {"#SBATCH --requeue", "#SBATCH --signal=B:USR1@120", "#SBATCH --open-mode=append"}
        assert asked <= set(text.splitlines()), path
        assert "platforms/slurm/train.sh" in text and text.startswith("#!/bin/bash\n# One training run")


def test_the_instructions_name_every_file_and_module():
    text = (ROOT / "instructions" / "clusters.md").read_text(encoding="utf-8")
    assert all(path.name in text for path in FOLDER.glob("*.sbatch"))
    for path in FOLDER.glob("*.sbatch"):
        (module,) = re.findall(r"modules.sh (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert f"`{module}`" in text


def test_a_modulefile_has_the_version_that_make_versions_keeps_in_it():
    for path in (FOLDER / "modulefiles").glob("*/*.*"):
        assert f"\nset version {path.name} ;" in path.read_text(encoding="utf-8"), f"rename {path}, or mend its version"
