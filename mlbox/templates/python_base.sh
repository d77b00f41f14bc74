version=@VERSION@
old_enough() { # PYTHON: whether it is of the version asked for
  [ -z "$version" ] || [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null)" = "$version" ]
}
base_python() { # a Python to make an environment from
  for base in @BASES@; do
    if has "$base" && old_enough "$base"; then
      return 0
    fi
  done
  fail 122 @NO_PYTHON@
}
