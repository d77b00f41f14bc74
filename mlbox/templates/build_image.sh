  context=$(mktemp -d) || fail 125 "no temporary folder on $here"
  (cd -- "$code" && tar -cf - -- @CONTEXT@) | (cd -- "$context" && tar -xf -)
  proxies --build-arg
  printf 'mlbox: building %s with %s\n' "$image" "$engine" >&2
  # shellcheck disable=SC2086 # names and options without blanks
  "$engine" build $proxies @BUILD_ARGS@ -t "$image" @TAG@ -f "$context"/@DOCKERFILE@ "$context" >&2 || {
    rm -rf -- "$context"
    fail 122 "$engine cannot build @DOCKERFILE_TEXT@ on $here (see above)"
  }
  rm -rf -- "$context"
