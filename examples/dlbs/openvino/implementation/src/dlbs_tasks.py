"""Starts the benchmarking suite; an image without it reads every input, writes every output and says so."""

import argparse
import json
import os
import subprocess
import sys

SUITE = "/opt/dlbs"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlbox_task", choices=["validate", "run", "report"], required=True)
    for name in ("config", "dlbs_cache", "log_dir"):
        parser.add_argument("--" + name)
    options = parser.parse_args()
    experimenter = [sys.executable, os.path.join(SUITE, "python/dlbs/experimenter.py")]
    if os.path.isdir(SUITE):
        commands = {
            "validate": experimenter + ["validate", "--config=" + str(options.config)],
            "run": experimenter
            + ["run", "--config=" + str(options.config), "-Pexp.log_dir=" + json.dumps(options.log_dir)],
            "report": [
                sys.executable,
                os.path.join(SUITE, "python/dlbs/bench_data.py"),
                "report",
                str(options.log_dir),
            ],
        }
        return subprocess.call(commands[options.mlbox_task])
    if options.mlbox_task == "report":
        for name in sorted(os.listdir(options.log_dir)):
            with open(os.path.join(options.log_dir, name)) as stream:
                print(name + ": " + stream.read().strip())
        return 0
    with open(options.config) as stream:
        config = json.load(stream)
    text = "stand-in: this image has no suite, so nothing was measured; " + json.dumps(config, sort_keys=True)
    print(text)
    if options.mlbox_task == "run":
        with open(os.path.join(options.log_dir, "stand_in.log"), "w") as stream:
            stream.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
