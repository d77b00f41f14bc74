from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inference.tiny_model import save_tiny_model
from text_recognizer.inference.cli import main
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.segmenter import Segmenter


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def recognizer(model_folder: Path) -> LineRecognizer:
    return LineRecognizer.load(model_folder, threads=1)


@pytest.fixture(scope="session")
def segmenter(model_folder: Path) -> Segmenter:
    return Segmenter.load(model_folder, threads=1)


@pytest.fixture
def read(model_folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `text-recognizer read` and return exit code, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["read", *map(str, arguments), "--model", str(model_folder), "--threads", "1"])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
