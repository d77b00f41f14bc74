"""Starts the server: python -m api_server. All settings are in the environment; see instructions/serving.md."""

from __future__ import annotations

import argparse
import signal
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C; return the exit code: 0 ended as told, 1 failed, 2 called or set wrongly."""
    about = "Serves the recogniser over HTTP. Settings are environment variables, as LAB_PORT=9000:"
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="api_server", description=f"{about}\n\n{_settings_help()}", formatter_class=form
    )
    parser.parse_args(arguments)
    return _serve()


def _settings_help() -> str:
    from api_server.settings import Settings

    return "\n".join(f"  LAB_{name.upper()}={_word(field.default)}" for name, field in Settings.model_fields.items())


def _word(default: object) -> str:
    return "" if default in (None, ()) else str(default)


def _serve() -> int:
    # here, because the processes that read import this file too
    from pydantic import ValidationError

    from api_server.application import application, pool_of, state_of
    from api_server.server import server_of
    from api_server.settings import Settings
    from text_recognizer.errors import UserError

    try:
        settings = Settings()
    except ValidationError as error:
        for wrong in error.errors(include_input=False):
            print(f"LAB_{str(wrong['loc'][0]).upper()}: {wrong['msg']}; change the variable", file=sys.stderr)
        return 2
    pool = pool_of(settings)
    try:
        state = state_of(settings, pool)
        pool.start()
    except UserError as error:
        print(error, file=sys.stderr)
        pool.close()
        return error.exit_code
    server = server_of(settings, state, application(state))
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises again what has ended it
        signal.signal(number, lambda *_: None)
    try:
        server.run()
    finally:
        pool.close()
        if state.recorder is not None:
            state.recorder.close()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
