"""mlbox in Apptainer, here and over ssh, from the image that docker uses. make test-real PART=mlbox_apptainer"""

import os
import subprocess

import pytest

from tests.mlbox.boxes import hello_world
from tests.real.apptainer import sif_variables
from tests.real.mlbox_lab import exits_box, hello_and_goodbye, mlbox, record, timed, well
from tests.real.podman_base import BASE, mlbox_variables, podman_environment, stand_in_base
from tests.real.sshd import sshd

pytestmark = pytest.mark.real
SEED = "./platforms/platforms.yaml:aiops1"


@pytest.fixture(scope="module")
def variables(tmp_path_factory):
    return apptainer_variables(tmp_path_factory.mktemp("apptainer"))


def apptainer_variables(folder):
    """Return where apptainer is found, with what it builds, and where the SIF files are kept."""
    environ = podman_environment(folder / "podman")
    stand_in_base(environ, (BASE, "ubuntu:18.04"))
    return mlbox_variables(environ) | sif_variables(folder)


def test_hello_and_goodbye(tmp_path, variables):
    box = hello_world(tmp_path / "box")
    seconds = hello_and_goodbye(box / "singularity", variables=variables)
    sif = f"{variables['SCRATCH']}/sif/hello_world:0.1.sif"
    assert os.path.exists(sif)
    bare = timed(["apptainer", "exec", sif, "python3", "-c", "print(1)"], variables)
    record("local", "Apptainer", seconds, bare)


def test_the_sif_gives_a_python(tmp_path, variables):
    """Seed 000: singularity run --nv $SCRATCH/sif/open-mmlab:1.0.sif python"""
    box = hello_world(tmp_path / "box")
    well(mlbox("configure", box / "singularity", variables=variables))
    line = "singularity run --nv $SCRATCH/sif/hello_world:0.1.sif python3 -c 'print(6 * 7)'"
    done = subprocess.run(["sh", "-c", line], env={**os.environ, **variables}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr


def test_the_exit_code_comes_back(tmp_path, variables):
    ended = mlbox("run", f"{exits_box(tmp_path / 'box')}/singularity:exits", variables=variables)
    assert (ended.code, ended.out) == (37, "last words\n"), ended.err


def test_a_sif_is_made_once(tmp_path, variables):
    box = hello_world(tmp_path / "box")
    well(mlbox("configure", box / "singularity", variables=variables))
    assert "making" not in well(mlbox("configure", box / "singularity", variables=variables)).err


def test_over_ssh_without_an_engine_there(tmp_path, variables):
    """The host has Apptainer and neither docker nor podman: the image is built here, its layers are sent once."""
    box = hello_world(tmp_path / "box")
    bare_path = tmp_path / "bin"
    bare_path.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for name in os.listdir(folder):
            if name not in ("podman", "docker", "buildah") and not (bare_path / name).is_symlink():
                (bare_path / name).symlink_to(f"{folder}/{name}")
    apptainer = variables["PATH"].split(":")[0]
    there = {"PATH": f"{apptainer}:{bare_path}", "SCRATCH": str(tmp_path / "scratch")}
    (tmp_path / "scratch").mkdir()
    with sshd(tmp_path / "ssh", there) as host:
        local = {name: text for name, text in variables.items() if name != "SCRATCH"}
        settings = {"MLBOX_HOST_AIOPS1": host.name, "MLBOX_SSH_CONFIG": str(host.ssh_config)}
        local |= {**settings, "MLBOX_CACHE": str(tmp_path / "cache")}
        refused = mlbox("run", SEED, f"{box}/singularity:hello/xinyuan", variables=local)
        assert refused.code == 122 and "run `mlbox configure` for this platform" in refused.err, refused.err
        first = well(mlbox("configure", SEED, box / "singularity", variables=local))
        assert "sending its layers" in first.err
        assert os.path.exists(tmp_path / "scratch/sif/hello_world:0.1.sif")
        seconds = hello_and_goodbye(box / "singularity", SEED, variables=local)
        again = well(mlbox("configure", SEED, box / "singularity", variables=local))
        assert "sending" not in again.err and "making" not in again.err
        command = "apptainer exec $SCRATCH/sif/hello_world:0.1.sif python3 -c 'print(1)'"
        bare = timed(["ssh", "-F", str(host.ssh_config), host.name, command])
    record("ssh", "Apptainer", seconds, bare)
