#!/bin/sh
# @TITLE@
# mlbox wrote this script and is not needed to run it: sh script.sh
@SBATCH@
# shellcheck disable=SC1091,SC2034,SC2043,SC2329  # one frame for all environments; not each uses all of it
cd -- @BOX@ || { echo "mlbox: the box is not there: "@BOX@ >&2; exit 122; }
box=$PWD
ws=@WORKSPACE@
run=$box/.mlbox/runs/@RUN@
code=@CODE@
here=$(uname -n)
mkdir -p -- "$run" "$ws" || exit 125
printf 'running\n' > "$run/rc.tmp" || exit 125 # takes the room that the exit code will need, in case the disk fills up
printf '%s\n' "$$" > "$run/pid"
@LOGS@
@RESTARTED@

finish() { # CODE: the exit code is the last thing that is written
  trap - USR1 TERM INT
  [ -z "$links" ] || rm -rf -- "$links"
  printf '%s\n' "$1" > "$run/rc.tmp" && mv -f -- "$run/rc.tmp" "$run/rc"
  exit "$1"
}
fail() { # CODE SENTENCE
  printf 'mlbox: %s\n' "$2" >&2
  printf '%s\n' "$2" > "$run/fault"
  finish "$1"
}
fact() { printf '%s=%s\n' "$1" "$2" >> "$run/facts"; }
has() { command -v "$1" > /dev/null 2>&1; }
input() { # PATH SENTENCE
  [ -e "$1" ] || fail 121 "$2"
}
aside() { # PATH PARENT: what an earlier run left at an output, unless this is the same run started again by the cluster
  [ "${SLURM_RESTART_COUNT:-0}" -eq 0 ] || return 0
  if [ -e "$ws/$1" ] || [ -L "$ws/$1" ]; then
    mkdir -p -- "$trash/$2"
    mv -f -- "$ws/$1" "$trash/$1" || fail 125 "$1: cannot be moved to $trash; make room or correct the rights"
  fi
}
plain() { # PATH: sets $plain to a name for it that the options of containers can hold
  case $1 in
    *[:,\"\\]* | *'
'*)
      links=${links:-$(mktemp -d)}
      link=$((link + 1))
      ln -s -- "$1" "$links/$link"
      plain=$links/$link
      ;;
    *) plain=$1 ;;
  esac
}
stop() { # SIGNAL
  again=$1
  [ -z "$child" ] || signal_task "$1"
}
links='' link=0 child='' again='' gpu=none trash=$box/.mlbox/trash/@TASK@
signal_task() { kill -s "$1" "$child"; }
trap 'stop USR1' USR1
trap 'stop TERM' TERM INT
@VARIABLES@
cache=@CACHE@
mkdir -p -- "$cache" || fail 125 "$cache: cannot be made on $here; set MLBOX_CACHE to a folder that is yours"
export APPTAINER_CACHEDIR="$cache/apptainer" SINGULARITY_CACHEDIR="$cache/apptainer"

# --- setup of the platform
@SETUP@

# --- machine
[ ! -e /proc/driver/nvidia/version ] || gpu=nvidia
fact host "$here"
fact gpu "$gpu"
@GPU@

# --- environment
@ENVIRONMENT@

@TASKS_PART@
