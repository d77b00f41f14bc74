"""Starts NVIDIA's benchmark; in an image without it every input is read and every output written, and it says so."""

import argparse
import os
import subprocess
import sys

BENCHMARK = "/workspace/nvidia-examples/cnn"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlbox_task", choices=["benchmark"], required=True)
    parser.add_argument("--parameters_file", required=True)
    parser.add_argument("--data_dir")
    parser.add_argument("--log_dir", required=True)
    options = parser.parse_args()
    with open(options.parameters_file) as stream:
        pairs = dict(line.strip().split(": ") for line in stream if ": " in line)
    model = pairs.pop("model")
    command = [sys.executable, os.path.join(BENCHMARK, model + ".py")]
    command += ["--" + name + "=" + value for name, value in sorted(pairs.items())]
    command += ["--data_dir=" + options.data_dir] if options.data_dir else []
    log = os.path.join(options.log_dir, "benchmark.log")
    if not os.path.isdir(BENCHMARK):
        records = sorted(os.listdir(options.data_dir)) if options.data_dir else []
        told = "stand-in: this image has no TensorFlow, so nothing was measured; "
        say(log, told + str(len(records)) + " records, would run " + " ".join(command))
        return 0
    with open(log, "w") as stream:
        return subprocess.call(command, stdout=stream, stderr=subprocess.STDOUT)


def say(log, text):
    print(text)
    with open(log, "w") as stream:
        stream.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
