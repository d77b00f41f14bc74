from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_server.running import RunningServer
from tests.inference.tiny_model import save_tiny_model


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def server(model_folder: Path) -> Iterator[RunningServer]:
    """A server with the model that reads flags, short patience and small limits."""
    limits = {
        "LAB_BODY_TIMEOUT": "1.5",
        "LAB_HEADER_TIMEOUT": "1.5",
        "LAB_MAX_BODY": "1000000",
        "LAB_MAX_PIXELS": "4000000",
    }
    with RunningServer(model_folder, **limits, LAB_MAX_FILES="5", LAB_MAX_PAGES="3") as running:
        yield running
