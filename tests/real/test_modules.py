"""Debian's environment-modules load the modulefiles of platforms/slurm, as a batch file's `module load` does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import version_truth

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "platforms" / "slurm" / "modulefiles"
INIT = "/usr/share/modules/init/bash"
PYTHON = version_truth.read(ROOT).values["python"]

pytestmark = pytest.mark.real


def shell(lines: str, **environ: str) -> subprocess.CompletedProcess[str]:
    script = f"set -e\n. {INIT}\nmodule use {FOLDER}\n{lines}\n"
    known = {"PATH": "/usr/bin:/bin", "HOME": "/root", **environ}
    return subprocess.run(["bash", "-c", script], env=known, capture_output=True, text=True)


def test_every_module_that_the_batch_files_load_is_there():
    for path in (ROOT / "platforms" / "slurm").glob("*.sbatch"):
        (name,) = re.findall(r"modules.sh (\S+)$", path.read_text(), re.MULTILINE)
        assert name.partition("/")[0] in shell("module avail 2>&1").stdout, name


def test_python_is_the_one_of_the_prefix_that_the_site_names():
    done = shell(
        f"module load python/{PYTHON}\ncommand -v python3\npython3 -c 'import sys; print(sys.version_info[:2])'",
        LAB_PYTHON_HOME=sys.base_prefix,
    )
    assert done.stdout.splitlines() == [f"{sys.base_prefix}/bin/python3", str(sys.version_info[:2])], done.stderr


def test_without_a_prefix_the_module_says_what_to_set():
    done = shell(f"module load python/{PYTHON} || true\necho end")
    assert f"python/{PYTHON}: LAB_PYTHON_HOME names no folder with bin/python3; set it" in done.stderr


def test_another_python_than_ours_is_not_offered():
    done = shell("module load python/3.8 || echo refused", LAB_PYTHON_HOME=sys.base_prefix)
    assert "Unable to locate a modulefile for 'python/3.8'" in done.stderr


def test_conda_cuda_and_apptainer_put_their_prefix_first(tmp_path):
    lines = "module load miniconda/3\necho $CONDA_EXE\nmodule load cuda\necho $CUDA_HOME\n"
    lines += "module load Singularity\necho $PATH"
    done = shell(lines, LAB_CONDA_HOME="/c", LAB_CUDA_HOME="/u", LAB_APPTAINER_HOME="/a")
    assert done.stdout.splitlines() == ["/c/bin/conda", "/u", "/a/bin:/u/bin:/c/bin:/usr/bin:/bin"], done.stderr


def test_conda_and_the_python_module_do_not_mix():
    done = shell(
        f"module load python/{PYTHON}\nmodule load miniconda/3 || echo refused",
        LAB_PYTHON_HOME=sys.base_prefix,
        LAB_CONDA_HOME="/c",
    )
    assert "conflict" in done.stderr.lower()
