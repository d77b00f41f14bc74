"""Starts the page: python -m app_gradio."""

from __future__ import annotations

import os
import socket
import sys
from argparse import Namespace
from importlib.util import find_spec

from app_gradio.options import parse
from text_recognizer.errors import UserError
from text_recognizer.inference.stopping import terminable

LAYER = "make pip-tools-layer LAYER=app, or pip install -r requirements/app.txt"
SILENT = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
"""Settings of Gradio and of what it brings along, without which they would call home."""


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until it is stopped and return 0; 1 when it cannot be, 2 when called wrongly."""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        if find_spec("gradio") is None:
            raise UserError(f"app_gradio: gradio is not installed; {LAYER}")
        os.environ.update(SILENT)
        with terminable():
            _serve(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        pass
    return 0


def _serve(options: Namespace) -> None:
    from app_gradio.app import Page
    from app_gradio.desk import Desk
    from app_gradio.launching import launch
    from text_recognizer.monitoring.recorder import recorder_of

    port = _free_port(options.host, options.port)
    store = None if options.no_store else options.store
    recorder = recorder_of(store, options.keep_text, options.keep_pictures, app="app_gradio")
    try:
        launch(Page(Desk(_model(options), recorder)).blocks(), options.host, port)
    finally:
        if recorder is not None:
            recorder.close()


def _model(options: Namespace):  # type: ignore[no-untyped-def]
    from app_gradio.models import LocalModel, RemoteModel

    if options.model_url:
        key = os.environ[options.model_key] if options.model_key else None
        return RemoteModel(options.model_url, key)
    return LocalModel(options.model, options.threads)


def _free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0.

    Raises:
        UserError: it is taken, or the address is none of this machine's.
    """
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise UserError(f"--port {port}: it cannot be listened on ({error.strerror}); choose another") from None


if __name__ == "__main__":
    sys.exit(main())
