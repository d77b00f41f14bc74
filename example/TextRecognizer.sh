#!/bin/sh
# A few steps of training in two processes, to see that all parts are there: bash example/TextRecognizer.sh
# It draws its own small data set. With QUEUE=gpu01 an agent of ClearML does it, on the data set DATASET_ID (clearml-data
# sync --folder data/own_example ... gives one) and in the image IMAGE. Further NAME=VALUE go to run_experiment.py.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=$(command -v python3)
data=data/own_example
set -- dataset_id="${DATASET_ID:-}" dataset_path="$data" config=example/TextRecognizer.yaml \
  standalone=True nproc_per_node="${NPROC:-2}" "$@"
if [ -n "${QUEUE:-}" ]; then
  exec clearml-task --project clearml-example-project --name TextRecognizer_own_lines --script training/clearml_train.py \
    --branch main --docker "${IMAGE:-registry.dev.ai-ms.com/yumba/textrecognizer:latest}" --queue "$QUEUE" --args "$@"
fi
[ -e "$data" ] || "$python" -m example.own_lines "$data"
exec "$python" training/clearml_train.py "$@"
