"""Overload, timeouts, deaths and the end of a server."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from tests.api_server.running import ROOT, Answer, RunningServer, form, png

LARGE = png(*["abcdeabcdeabcdeabcde"] * 10)
SMALL = png("abc")


def ask_all(server: RunningServer, count: int, body: bytes) -> list[Answer | str]:
    """Send the same picture so many times at once; the answers, or why there is none."""
    answers: list[Answer | str] = []

    def ask() -> None:
        try:
            answers.append(server.read(body))
        except OSError as error:
            answers.append(type(error).__name__)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_more_than_the_queue_holds_is_answered_429_and_the_rest_is_read(model_folder):
    with RunningServer(model_folder, LAB_QUEUE="2") as server:
        answers = ask_all(server, 20, LARGE)
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {200, 429}
        assert statuses.count(200) >= 3
        refused = next(answer for answer in answers if answer.status == 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert "try again in" in refused.tree["detail"]
        assert server.read(SMALL).status == 200


def reading_processes(server: RunningServer) -> list[int]:
    """Return the numbers of the processes that read."""
    children = psutil.Process(server.process.pid).children()
    return [child.pid for child in children if any("spawn_main" in word for word in child.cmdline())]


def test_what_takes_too_long_is_answered_504_and_the_next_is_read(model_folder):
    with RunningServer(model_folder, LAB_TIMEOUT="1") as server:
        [reading] = reading_processes(server)
        os.kill(reading, signal.SIGSTOP)
        answer = server.read(SMALL)
        assert answer.status == 504
        assert answer.tree["detail"] == "picture: not read within 1 s; send less, or try again later"
        deadline = time.monotonic() + 30
        while server.read(SMALL).status != 200:
            assert time.monotonic() < deadline


def test_a_process_that_dies_is_replaced(model_folder):
    with RunningServer(model_folder) as server:
        [reading] = reading_processes(server)
        os.kill(reading, signal.SIGKILL)
        assert server.read(SMALL).tree["text"] == "abc"
        assert b"text_recognizer_worker_restarts 1.0" in server.ask("GET", "/metrics").body


def test_a_client_that_leaves_in_the_middle_of_a_batch_ends_it(model_folder):
    with RunningServer(model_folder, LAB_MAX_BATCHES="1") as server:
        body, kind = form(*[(f"{number}.png", LARGE) for number in range(30)], field="files")
        head = f"POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(head.encode() + body)
            assert b'"index": 0' in connection.recv(65_536) + connection.recv(65_536)
        few, kind = form(("a.png", SMALL), field="files")
        deadline = time.monotonic() + 30
        while server.ask("POST", "/v1/batch", few, {"Content-Type": kind}).status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert '"level": "error"' not in server.log


def test_sigterm_under_load_loses_no_accepted_request(model_folder):
    with RunningServer(model_folder, LAB_QUEUE="100", LAB_DRAIN_DELAY="0.5") as server:
        answers: list[Answer | str] = []
        sender = threading.Thread(target=lambda: answers.extend(ask_all(server, 15, LARGE)))
        sender.start()
        time.sleep(0.3)
        assert server.end() == 0
        sender.join()
        assert [answer if isinstance(answer, str) else answer.status for answer in answers] == [200] * 15
        with pytest.raises(ConnectionRefusedError):
            server.read(SMALL)


@pytest.mark.parametrize(
    ("settings", "code", "part"),
    [
        ({"LAB_PORT": "http"}, 2, "LAB_PORT: Input should be a valid integer"),
        ({"LAB_QUEUE": "-1"}, 2, "LAB_QUEUE: Input should be greater than or equal to 0"),
        ({"LAB_MODEL": "no-such-model"}, 1, "--model no-such-model: neither a folder nor one of the models"),
    ],
)
def test_wrong_settings_are_named_and_nothing_is_started(settings, code, part):
    command = [sys.executable, "-m", "api_server"]
    done = subprocess.run(command, env={**os.environ, **settings}, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code
    assert part in done.stderr
    assert "Traceback" not in done.stderr
