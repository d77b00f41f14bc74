#!/bin/sh
# mmdetection's YOLOv3 in two processes: bash example/mmdetection.sh
# CONFIG names another configuration, DATA where it expects the data. With QUEUE=gpu01 an agent of ClearML does it, on the
# data set DATASET_ID and in the image IMAGE. mlbox init --repository mmdetection --from-git URL fetches the repository.
set -eu
cd "$(dirname "$0")/.."
config=mmdetection/configs/yolo/yolov3_d53_320_273e_coco.py
set -- dataset_id="${DATASET_ID:-}" dataset_path="${DATA:-data/coco2017-min}" config="${CONFIG:-$config}" \
  standalone=True nproc_per_node="${NPROC:-2}" "$@"
if [ -n "${QUEUE:-}" ]; then
  exec clearml-task --project clearml-example-project --name mmdetection_yolov3_d53_320_273e_coco \
    --script mmdetection/tools/clearml_train.py --branch main \
    --docker "${IMAGE:-registry.dev.ai-ms.com/yumba/mmdetection:latest}" --queue "$QUEUE" --args "$@"
fi
exec "${PYTHON:-python3}" mmdetection/tools/clearml_train.py "$@"
