#!/bin/sh
# The smoke test of @NAME@ in two processes: bash example/@NAME@.sh
# CONFIG names the configuration, DATA where it expects the data. With QUEUE=gpu01 an agent of ClearML does it, on the
# data set DATASET_ID and in the image IMAGE.
set -eu
cd "$(dirname "$0")/.."
set -- dataset_id="${DATASET_ID:-}" dataset_path="${DATA:-}" config="${CONFIG:-@NAME@/@CONFIG@}" \
  standalone=True nproc_per_node="${NPROC:-2}" "$@"
if [ -n "${QUEUE:-}" ]; then
  exec clearml-task --project clearml-example-project --name @NAME@_example --script @NAME@/tools/clearml_train.py \
    --branch main --docker "${IMAGE:-registry.dev.ai-ms.com/yumba/@IMAGE@:latest}" --queue "$QUEUE" --args "$@"
fi
exec "${PYTHON:-python3}" @NAME@/tools/clearml_train.py "$@"
