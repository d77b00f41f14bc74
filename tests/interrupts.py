"""Processes that tests interrupt."""

import signal


def ctrl_c_counts() -> None:
    """Let SIGINT through, as `preexec_fn`: what a shell runs in the background, as these tests may be, ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
