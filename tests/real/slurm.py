"""A Slurm cluster of two nodes on this machine, with a private key and configuration, stopped by its process ids."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")

CONFIGURATION = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=slurm
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
AuthType=auth/munge
AuthInfo=socket={folder}/munge/run/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,bf_yield_interval=100000
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=300
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 RealMemory=4000 State=UNKNOWN
NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 RealMemory=4000 State=UNKNOWN
PartitionName=long Nodes=node[1-2] Default=YES MaxTime=02:00:00 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=high Nodes=node[1-2] MaxTime=02:00:00 State=UP PriorityTier=10 PreemptMode=OFF
"""


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Start the cluster, give the variables in which its commands find it, and stop it at the end."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    for program in ("slurmctld", "slurmd", "munged", "sbatch"):
        assert shutil.which(program, path=path), f"{program}: apt-get install {' '.join(PACKAGES)}, or PART=slurm"
    folder.mkdir(parents=True, exist_ok=True)
    for parent in [folder, *folder.parents]:  # the daemons' users must reach their folders
        if parent.stat().st_mode & 0o055 != 0o055:
            parent.chmod(parent.stat().st_mode | 0o055)
    for name in ("state", "log", "run", "spool-node1", "spool-node2"):
        (folder / name).mkdir(parents=True)
    for name in ("state", "log", "run"):
        shutil.chown(folder / name, "slurm", "slurm")
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_munge(folder / "munge", path))
        text = CONFIGURATION.format(folder=folder, host=socket.gethostname().partition(".")[0], ports=_ports(3))
        (folder / "slurm.conf").write_text(text)
        variables = {"SLURM_CONF": str(folder / "slurm.conf")}
        environ = {**os.environ, **variables, "PATH": path}
        daemons = [["slurmctld", "-D"], *(["slurmd", "-D", "-N", node] for node in ("node1", "node2"))]
        for daemon in daemons:
            command = [*daemon, "-f", str(folder / "slurm.conf")]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            started.append(subprocess.Popen(command, env=environ, **quiet))
        _wait_until_idle(environ, folder, started)
        yield variables
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in reversed(started):
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()


def _munge(folder: Path, path: str) -> subprocess.Popen[bytes]:
    """Start munged with a key of its own."""
    for name in ("etc", "log", "lib", "run"):
        (folder / name).mkdir(parents=True, mode=0o755 if name == "run" else 0o700)
    folder.chmod(0o755)
    (folder / "etc/munge.key").write_bytes(os.urandom(1024))
    (folder / "etc/munge.key").chmod(0o400)
    for found in [*folder.iterdir(), folder / "etc/munge.key", folder]:
        shutil.chown(found, "munge", "munge")
    options = {
        "key-file": "etc/munge.key", "socket": "run/munge.socket", "pid-file": "run/munged.pid",
        "log-file": "log/munged.log", "seed-file": "lib/munged.seed",
    }  # fmt: skip
    command = [f"--{name}={folder / value}" for name, value in options.items()]
    program = ["runuser", "-u", "munge", "--", str(shutil.which("munged", path=path)), "--foreground"]
    return subprocess.Popen([*program, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _wait_until_idle(environ: dict[str, str], folder: Path, daemons: list[subprocess.Popen[bytes]]) -> None:
    command = ["sinfo", "--noheader", "--format", "%T", "--partition", "long"]
    said = ""
    for _ in range(150):
        said = subprocess.run(command, env=environ, capture_output=True, text=True).stdout.strip()
        if said == "idle":
            return
        if any(daemon.poll() is not None for daemon in daemons):
            break
        time.sleep(0.2)
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in (folder / "log").iterdir())
    raise TimeoutError(f"the cluster is not up ({said}):\n{logs}")
