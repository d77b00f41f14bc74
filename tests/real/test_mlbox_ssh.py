"""mlbox on another machine: a real sshd on loopback, the system's ssh and rsync. make test-real PART=mlbox_ssh"""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.interrupts import ctrl_c_counts
from tests.mlbox.boxes import ROOT, hello_world, small_box
from tests.mlbox.test_faults import WAITS
from tests.real.mlbox_lab import exits_box, hello_and_goodbye, mlbox, record, run_named, timed, well
from tests.real.sshd import sshd

pytestmark = pytest.mark.real
SEED = "./platforms/platforms.yaml:aiops1"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """The other machine."""
    with sshd(tmp_path_factory.mktemp("ssh")) as running:
        yield running


@pytest.fixture
def variables(host):
    """What fills the seed's platforms.yaml in."""
    return {"MLBOX_HOST_AIOPS1": host.name, "MLBOX_SSH_CONFIG": str(host.ssh_config)}


def test_hello_and_goodbye(tmp_path, host, variables):
    box = hello_world(tmp_path / "box")
    seconds = hello_and_goodbye(box / "baremetal", SEED, variables=variables)
    assert (host.home / ".mlbox/mlboxes/hello_world/python/workspace/greet_xinyuan.txt").exists()
    bare = timed(["ssh", "-F", str(host.ssh_config), host.name, "python3 -c 'print(1)'"])
    record("ssh", "bare metal", seconds, bare)


def test_the_exit_code_comes_back(tmp_path, variables):
    box = exits_box(tmp_path / "box")
    for code in (37, 255):  # 255 is ssh's own word for trouble
        ended = mlbox("run", SEED, f"{box}/baremetal:exits", f"code={code}", variables=variables)
        assert ended.code == code, ended.err
        assert ended.out == "last words\n"


def test_odd_names_survive(tmp_path, variables):
    name, value = 'in \'put\n漢 "$x"', "it's *\n`new`"
    box = small_box(
        tmp_path / "a box, with: \"quotes\" & 'such'",
        "  t:\n    inputs: {source: {}}\n    outputs: {out: {}}\n    params: {more: ''}\n",
    )
    (box / "workspace" / name).write_text("text")
    well(mlbox("run", SEED, f"{box}:t", f"source={name}", f"out=o'\n{name}", f"more={value}", variables=variables))
    assert (box / "workspace" / f"o'\n{name}").read_text() == "text" + value


def test_variables_go_over_and_never_lie_on_a_disk(tmp_path, host, variables):
    box = small_box(tmp_path / "box", "  t:\n    run: [sh, -c, 'echo ${#TOKEN}']\n    pass_env: [TOKEN]\n")
    ended = well(mlbox("run", SEED, f"{box}:t", variables={**variables, "TOKEN": "s3cret"}))
    assert ended.out == "6\n"
    files = [path for folder in (box, host.home) for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"s3cret" in path.read_bytes()]


def test_an_environment_of_200_mb_is_never_sent(tmp_path, host, variables):
    box = hello_world(tmp_path / "box")
    environment = box / "implementation/src/env"
    environment.mkdir()
    (environment / "pyvenv.cfg").write_text("home = /usr/bin\n")
    with (environment / "big.bin").open("wb") as file:
        file.truncate(200_000_000)
    ended = well(mlbox("run", SEED, f"{box}/baremetal:hello/sergey", variables=variables))
    assert "2 files" in ended.err and not list(host.home.rglob("big.bin"))


def test_many_megabytes_are_named(tmp_path, variables):
    box = small_box(tmp_path / "box", "  t:\n    run: [ls, '{source}']\n    inputs: {source: {default: a}}\n")
    with (box / "workspace/a").open("wb") as file:
        file.truncate(201_000_000)
    ended = well(mlbox("run", SEED, f"{box}:t", variables=variables))
    assert "more than 200 MB; the biggest: workspace/a (201.0 MB)" in ended.err


def gate(host):
    return host.home / ".mlbox/mlboxes/small/python/gate"


@pytest.fixture
def waiting(tmp_path, host):
    """A box whose task waits for a file on the other machine."""
    gate(host).unlink(missing_ok=True)
    yield small_box(tmp_path / "box", "  t:\n    outputs: {out: {default: o}}\n", WAITS)
    gate(host).touch()


def test_a_run_is_picked_up_after_the_connection_was_lost(waiting, host, variables):
    environ = {**os.environ, **variables}
    command = [sys.executable, "-m", "mlbox", "run", SEED, f"{waiting}:t"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    host.drop()
    assert process.wait(timeout=60) == 124
    told = process.stderr.read()
    name = told.split("the run may go on: mlbox status ")[1].split()[0]
    assert well(mlbox("status", name, variables=variables)).out.endswith("running\n")
    refused = mlbox("run", SEED, f"{waiting}:t", variables=variables)
    assert refused.code == 125 and "is still at it (running)" in refused.err
    assert mlbox("fetch", name, variables=variables).code == 125
    gate(host).touch()
    well(mlbox("logs", "--follow", name, variables=variables))
    well(mlbox("fetch", name, variables=variables))
    assert (waiting / "workspace/o").read_text() == "whole"
    assert "not run again" in well(mlbox("run", SEED, f"{waiting}:t", variables=variables)).err


def test_a_run_that_was_sent_off_can_be_ended(waiting, host, variables):
    name = run_named(well(mlbox("run", "--detach", SEED, f"{waiting}:t", variables=variables)))
    well(mlbox("cancel", name, variables=variables))
    assert "done" in well(mlbox("status", name, variables=variables)).out
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert f"{host.home}/.mlbox/mlboxes/small" not in listed


def test_ctrl_c_ends_the_task_there(waiting, host, variables):
    environ = {**os.environ, **variables}
    command = [sys.executable, "-m", "mlbox", "run", SEED, f"{waiting}:t"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=ctrl_c_counts,
    )
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    time.sleep(0.2)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert f"{host.home}/.mlbox/mlboxes/small" not in listed


def test_a_host_that_is_not_there(tmp_path, variables):
    box = hello_world(tmp_path / "box")
    absent = {**variables, "MLBOX_HOST_AIOPS1": "no-such-host.invalid"}
    ended = mlbox("run", SEED, f"{box}/baremetal:hello/xinyuan", variables=absent)
    assert ended.code == 122 and "no-such-host.invalid: rsync ended with" in ended.err


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    """The box lies on a disk of one megabyte, that the task fills."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        script = (
            "import sys, pathlib\noptions = dict(word[2:].split('=', 1) for word in sys.argv[1:])\n"
            "pathlib.Path(options['out']).write_bytes(b'x' * int(options['size']))\n"
        )
        tasks = "  t:\n    outputs: {out: {default: o}}\n    params: {size: 9}\n"
        box = small_box(disk / "box", tasks, script)
        well(mlbox("run", f"{box}:t"))
        ended = mlbox("run", f"{box}:t", "size=2000000")
        assert ended.code in (1, 125), ended.err  # the task's own error, or ours where even the record finds no room
        assert "No space left on device" in ended.err
        assert (box / ".mlbox/trash/t-default/o").read_text() == "x" * 9
        (box / "workspace/o").unlink(missing_ok=True)
        well(mlbox("run", f"{box}:t", "size=10"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
