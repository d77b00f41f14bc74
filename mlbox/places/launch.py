"""Starting, following, asking after and ending a script: as a process, or as a job of Slurm."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from mlbox import programs
from mlbox.model import Platform
from mlbox.places.hosts import WAIT, Here
from mlbox.plan import in_home
from mlbox.templates import fill
from mlbox.words import quote

IN_THE_QUEUE = 'squeue --noheader --jobs "$(cat "$run/job")" --format %T 2> /dev/null'
ALIVE = {
    "process": 'kill -0 "$(cat "$run/pid")" 2> /dev/null',
    "slurm": f'asked=$((asked + 1)); [ "$((asked % 20))" -ne 0 ] || [ -n "$({IN_THE_QUEUE})" ]',
}
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


_SBATCH_THERE = (
    "command -v sbatch > /dev/null || "
    '{ echo "mlbox: sbatch is not on $(uname -n); is Slurm\'s module loaded?" >&2; exit 122; }'
)


def kind_of(platform: Platform) -> str:
    """Return process or slurm."""
    return "slurm" if platform.place == "slurm" else "process"


def starting(kind: str, folder: str, run: str, pass_env: Mapping[str, str]) -> str:
    """Return the script that starts a run on its host and returns at once.

    Args:
        pass_env: variables to hand over; they stand in this script only, which is piped and never written to a disk.
    """
    path = f'"$box"/{quote(run)}'
    lines = [f"export {name}={quote(value)}" for name, value in pass_env.items()]
    lines += [f"cd -- {in_home(folder)} || exit 122", "box=$PWD", f"run={path}", 'mkdir -p -- "$run"']
    lines += ['rm -f -- "$run/rc" "$run/fault" "$run/facts"', ': > "$run/stdout.log"; : > "$run/stderr.log"']
    if kind == "slurm":
        lines += [
            _SBATCH_THERE,
            f'job=$(sbatch --parsable {_sbatch_names(pass_env)} "$run/script.sh") || {{',
            "  echo 'sbatch refuses the job' | tee \"$run/fault\" >&2; exit 122; }",
            'printf \'%s\\n\' "${job%%;*}" > "$run/job"',
            "printf 'mlbox: submitted as job %s\\n' \"${job%%;*}\" >&2",
        ]
    else:
        lines += [
            "setsid=$(command -v setsid)",
            '$setsid sh "$run/script.sh" < /dev/null > "$run/stdout.log" 2> "$run/stderr.log" &',
            'printf \'%s\\n\' "$!" > "$run/pid"',
        ]
    return "\n".join(lines) + "\n"


def starting_array(folder: str, run: str, count: int, pass_env: Mapping[str, str]) -> str:
    """Return the script that submits one array whose tasks are the runs `run`-0 to `run`-(count - 1)."""
    lines = [f"export {name}={quote(value)}" for name, value in pass_env.items()]
    lines += [f"cd -- {in_home(folder)} || exit 122", f'run="$PWD"/{quote(run)}']
    lines += [
        _SBATCH_THERE,
        f'job=$(sbatch --parsable --array=0-{count - 1} {_sbatch_names(pass_env)} "$run/script.sh") || exit 122',
        "printf 'mlbox: submitted as array %s\\n' \"${job%%;*}\" >&2",
        f'n=0; while [ "$n" -lt {count} ]; do',
        '  : > "$run-$n/stdout.log"; : > "$run-$n/stderr.log"',
        '  echo "${job%%;*}_$n" > "$run-$n/job"; n=$((n + 1))',
        "done",
    ]
    return "\n".join(lines) + "\n"


def _sbatch_names(pass_env: Mapping[str, str]) -> str:
    """Return the options that hand over a few variables by name, and nothing else of the caller's environment."""
    names = ",".join(["PATH", "HOME", "USER", "LANG", "MLBOX_CACHE", "SCRATCH", *PROXIES, *pass_env])
    return f"--export={names} --output=/dev/null"


def following(kind: str, folder: str, run: str) -> str:
    """Return the script that prints what a run writes until it ends."""
    return f"cd -- {in_home(folder)} || exit 122\n" + fill("follow.sh", run=f'"$PWD"/{quote(run)}', alive=ALIVE[kind])


def asking(kind: str, folder: str, run: str) -> str:
    """Return the script that prints `done CODE`, `running`, a state of Slurm, or `lost`."""
    lines = [f"cd -- {in_home(folder)} || exit 122", f'run="$PWD"/{quote(run)}']
    lines.append('if [ -f "$run/rc" ]; then echo "done $(cat "$run/rc")"; exit; fi')
    if kind == "slurm":
        lines += [f"state=$({IN_THE_QUEUE})", 'job=$(cat "$run/job" 2> /dev/null)']
        lines += [
            'shown=$(scontrol show job "$job" 2> /dev/null | sed -n "s/.*JobState=\\([A-Z]*\\).*/\\1/p")\n'
            '[ -n "$state" ] || state=$shown'
        ]
        lines += [
            "case $state in\n"
            '"" | COMPLETED | FAILED | CANCELLED | NODE_FAIL | TIMEOUT) echo lost ;;\n*) echo "$state" ;;\nesac'
        ]
    else:
        lines.append(f"if {ALIVE[kind]}; then echo running; else echo lost; fi")
    return "\n".join(lines)


def ending(kind: str, folder: str, run: str) -> str:
    """Return the script that ends a run: politely, and after ten seconds by force."""
    lines = [f"cd -- {in_home(folder)} || exit 122", f'run="$PWD"/{quote(run)}', 'touch "$run/cancelled"']
    if kind == "slurm":
        return "\n".join([*lines, 'scancel "$(cat "$run/job")"; [ -f "$run/rc" ] || echo 130 > "$run/rc"'])
    lines += [
        'pid=$(cat "$run/pid"); kill -TERM "$pid" 2> /dev/null',
        f'n=0; while [ "$n" -lt {WAIT * 10} ] && kill -0 "$pid" 2> /dev/null; do sleep 0.1; n=$((n + 1)); done',
        '[ ! -f "$run/stop" ] || sh "$run/stop"',
        'kill -KILL -- "-$pid" 2> /dev/null; [ -f "$run/rc" ] || echo 130 > "$run/rc"',
    ]
    return "\n".join(lines)


def run_here(folder: Path, pass_env: Mapping[str, str], lock: int) -> int:
    """Run a script on this machine and show what it writes; it inherits the lock, so it may outlive us unharmed.

    Raises:
        KeyboardInterrupt: after the task has been ended.
    """
    (folder / "rc").unlink(missing_ok=True)
    with (folder / "stdout.log").open("wb") as out, (folder / "stderr.log").open("wb") as err:
        process = programs.start(
            ["sh", str(folder / "script.sh")], stdout=out, stderr=err, keep_open=[lock], variables=pass_env
        )
    logs = [(folder / "stdout.log").open("rb"), (folder / "stderr.log").open("rb")]
    streams = [sys.stdout.buffer, sys.stderr.buffer]
    pause = 0.002
    try:
        while process.poll() is None:
            time.sleep(pause)
            pause = min(2 * pause, 0.02)
            _show(logs, streams)
    except BaseException:
        _end(process, folder)
        raise
    finally:
        _show(logs, streams)
        for log in logs:
            log.close()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _show(logs: list, streams: list) -> None:  # type: ignore[type-arg]
    for log, stream in zip(logs, streams, strict=True):
        if chunk := log.read():
            stream.write(chunk)
            stream.flush()


def _end(process: programs.Process, folder: Path) -> None:
    """End a script and its task: politely, and after ten seconds by force."""
    (folder / "cancelled").touch()
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + WAIT
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if process.poll() is None:
        if (folder / "stop").exists():
            Here().run((folder / "stop").read_text(encoding="utf-8"))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
