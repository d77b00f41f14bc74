proxies --env
# shellcheck disable=SC2086 # names and options without blanks
set -- run --rm --name "$name" $proxies
case $engine:$gpu in
  docker:nvidia) set -- "$@" --gpus all ;;
  *:nvidia) set -- "$@" --device nvidia.com/gpu=all ;;
esac
