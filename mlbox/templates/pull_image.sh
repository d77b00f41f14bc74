  printf 'mlbox: pulling %s with %s\n' "$image" "$engine" >&2
  "$engine" pull "$image" >&2 || fail 122 "$engine cannot pull $image on $here; is the name right, and the registry within reach?"
