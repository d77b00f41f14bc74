#!/bin/sh
# mmsegmentation's PSPNet in two processes: bash example/mmsegmentation.sh
# CONFIG names another configuration, DATA where it expects the data. With QUEUE=gpu01 an agent of ClearML does it, on the
# data set DATASET_ID and in the image IMAGE. mlbox init --repository mmsegmentation --from-git URL fetches the repository.
set -eu
cd "$(dirname "$0")/.."
config=configs/mmsegmentation/example/pspnet/pspnet_r50-d8_512x512_4x4_40k_coco-stuff10k.py
set -- dataset_id="${DATASET_ID:-}" dataset_path="${DATA:-data/coco_stuff10k}" config="${CONFIG:-$config}" \
  standalone=True nproc_per_node="${NPROC:-2}" "$@"
if [ -n "${QUEUE:-}" ]; then
  exec clearml-task --project clearml-example-project --name mmsegmentation_pspnet_r50-d8_512x512_4x4_40k_coco-stuff10k \
    --script mmsegmentation/tools/clearml_train.py --branch main \
    --docker "${IMAGE:-registry.dev.ai-ms.com/yumba/mmsegmentation:latest}" --queue "$QUEUE" --args "$@"
fi
exec "${PYTHON:-python3}" mmsegmentation/tools/clearml_train.py "$@"
