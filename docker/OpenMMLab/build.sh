#!/bin/sh
# Builds the image: docker/OpenMMLab/build.sh [OPTIONS OF build]      IMAGE names it, ENGINE is docker, podman or "sudo docker"
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${ENGINE:-}" ]; then
  if docker version > /dev/null 2>&1; then ENGINE=docker; else ENGINE=podman; fi
fi
mkdir -p "$here/wheels"
# shellcheck disable=SC2086 # ENGINE may be two words
exec $ENGINE build --tag "${IMAGE:-open-mmlab:1.0}" --file "$here/Dockerfile" "$@" "$here/../.."
