"""Greets someone and says goodbye; runs on any Python 3 (Ubuntu 18.04 has 3.6)."""

import argparse
import os
import sys


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read().strip()


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
    print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlbox_task", choices=["hello", "goodbye"], required=True)
    parser.add_argument("--name", required=True, help="file with the name")
    parser.add_argument("--greeting", required=True, help="file of the greeting")
    parser.add_argument("--farewell", help="file of the farewell")
    options = parser.parse_args()
    sys.stdout = os.fdopen(sys.stdout.fileno(), "w", encoding="utf-8")  # an image may know no language but C
    name = read(options.name)
    if options.mlbox_task == "hello":
        write(options.greeting, "Hello, " + name + "!")
    else:
        write(options.farewell, "You said: " + read(options.greeting) + " Goodbye, " + name + ".")


if __name__ == "__main__":
    main()
