"""mlbox wrote this: an agent of ClearML unpacks a run, runs its script with sh, and hands back what it wrote."""

import json
import os
import shutil
import subprocess
import sys
import tarfile

from clearml import Task

SHOWN = '{ { sh "$0/script.sh" 2>&1 >&3 | tee "$0/stderr.log" >&2; } 3>&1 | tee "$0/stdout.log"; }'
RESULTS = ("rc", "fault", "facts", "stdout.log", "stderr.log")

task = Task.init()
home = os.path.expanduser("~")
run = ".mlbox/runs/" + task.name
archive = task.artifacts["box"].get_local_copy(extract_archive=False, raise_on_error=True)
with tarfile.open(archive) as tar:
    record = json.load(tar.extractfile(run + "/run.json") or sys.exit(run + ": the archive holds no record"))
    folder = os.path.join(home, record["folder"])
    os.makedirs(folder)
    tar.extractall(folder)

os.chdir(folder)
subprocess.call(["sh", "-c", SHOWN, os.path.join(folder, run)])
base = "" if record["workspace"] == "." else record["workspace"] + "/"
paths = [run + "/" + name for name in RESULTS] + [base + output["path"] for output in record["outputs"]]
with tarfile.open("results.tar.gz", "w:gz") as tar:
    for path in paths:
        if os.path.lexists(path):
            tar.add(path)
with open(run + "/rc") as stream:
    code = int(stream.read())
task.upload_artifact("results", os.path.join(folder, "results.tar.gz"), wait_on_upload=True)
os.chdir(home)
shutil.rmtree(folder, ignore_errors=True)
sys.exit(code)
