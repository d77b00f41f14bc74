fresh="" uv="" conda=""
entry=$cache/envs/@DIGEST@
mkdir -p -- "$cache/envs"
satisfies() { # PYTHON: whether it has what the requirement files ask for
  "$1" -c @SATISFIES@ @FILES@ > /dev/null 2>&1
}
active() { # the environment of the caller, looked at anew when packages came or went
  for candidate in @ACTIVE@ ${VIRTUAL_ENV:+"$VIRTUAL_ENV/bin/python"} ${CONDA_PREFIX:+"$CONDA_PREFIX/bin/python"}; do
    if [ ! -x "$candidate" ] || ! old_enough "$candidate"; then continue; fi
    state=$candidate\ $(ls -ldin "${candidate%/bin/*}"/lib/python3*/site-packages 2> /dev/null)
    if [ "$(cat "$entry.active" 2> /dev/null)" = "$state" ] || satisfies "$candidate"; then
      printf '%s\n' "$state" > "$entry.active"
      python=$candidate
      return 0
    fi
  done
  return 1
}
install() { # COMMAND...: installs what the requirement files name, by that installer
  needed=@HAS_REQUIREMENTS@
  [ -z "$needed" ] || "$@" @REQUIREMENTS@ >&2 || broken "the packages cannot be installed"
}
broken() {
  rm -rf -- "$fresh"
  fail 122 "$1 on $here (see above); is a package index within reach?"
}
by_conda() {
  "$conda" @CONDA_CREATE@ --yes --prefix "$fresh" @CONDA_WHAT@ >&2 || broken "$conda cannot make the environment"
  install "$fresh/bin/python" -m pip install --quiet
}
by_uv() {
  "$uv" venv --quiet --python "$base" "$fresh" >&2 || broken "$uv cannot make the environment"
  install "$uv" pip install --quiet --python "$fresh/bin/python"
}
by_venv() {
  "$base" -m venv "$fresh" >&2 || broken "$base -m venv cannot make an environment (Debian: apt-get install python3-venv)"
  install "$fresh/bin/python" -m pip install --quiet
}
make() { # HOW WHY
  fresh=$entry-$$
  printf 'mlbox: making the environment %s by %s (%s)\n' "$entry" "$1" "$2" >&2
  "by_$1"
  ln -s -- "$fresh" "$entry" 2> /dev/null || rm -rf -- "$fresh" # another run was faster
  python=$entry/bin/python why="made by $1: $2"
}
find_conda() {
  for conda in @CONDA@ mamba conda micromamba "$CONDA_EXE"; do
    if has "$conda"; then return 0; fi
  done
  return 1
}
