"""Requests that schemathesis makes up from the server's own description: make test-real PART=fuzz."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.api_server.running import RunningServer
from tests.inference.tiny_model import save_tiny_model

pytestmark = pytest.mark.real
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = "40"


def test_no_request_that_can_be_made_up_upsets_the_server(tmp_path):
    limits = {"LAB_MAX_BODY": "1000000", "LAB_BODY_TIMEOUT": "5", "LAB_MONITOR": str(tmp_path / "monitor.db")}
    program = Path(sys.executable).with_name("schemathesis")
    with RunningServer(save_tiny_model(tmp_path / "model"), **limits) as server:
        address = f"http://127.0.0.1:{server.port}/openapi.json"
        command = [program, "run", address, "--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", "1"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=400)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert server.ask("GET", "/readyz").status == 200
    assert server.process.returncode == 0
    assert '"level": "error"' not in server.log
