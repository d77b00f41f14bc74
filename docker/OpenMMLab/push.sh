#!/bin/sh
# Sends the image to a registry: REGISTRY=docker.io/colinski docker/OpenMMLab/push.sh [OPTIONS OF push]
# A cluster needs no registry: mlbox configure @CLUSTER BOX sends the image's new layers over ssh (instructions/clusters.md).
set -eu
image=${IMAGE:-open-mmlab:1.0}
: "${REGISTRY:?name the registry, as in REGISTRY=docker.io/colinski}"
if [ -z "${ENGINE:-}" ]; then
  if docker version > /dev/null 2>&1; then ENGINE=docker; else ENGINE=podman; fi
fi
# shellcheck disable=SC2086 # ENGINE may be two words
$ENGINE tag "$image" "$REGISTRY/$image"
# shellcheck disable=SC2086
exec $ENGINE push "$@" "$REGISTRY/$image"
