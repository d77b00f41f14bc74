sifs=${SCRATCH:+${SCRATCH%/}/sif}
sifs=${sifs:-$cache/sif}
sif=$sifs/@SIF@
if [ ! -f "$sif" ] || [ "$(cat "$sif.digest" 2> /dev/null)" != @DIGEST@ ]; then
  mkdir -p -- "$sifs" "$cache/apptainer" || fail 125 "$sifs: cannot be made on $here"
  fresh=$sif.$$ made=''
  printf 'mlbox: making %s\n' "$sif" >&2
@MAKE@
  [ -n "$made" ] || {
    rm -rf -- "$fresh"
    fail 122 "$apptainer cannot make $sif on $here (see above)"
  }
  mv -f -- "$fresh" "$sif" && printf '%s\n' @DIGEST@ > "$sif.digest"
fi
