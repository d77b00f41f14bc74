# Prints what a run writes until it ends, and returns its exit code.
run=@RUN@
asked=0
alive() { # whether the run's process or job is still there; a cluster is asked every two seconds
  @ALIVE@
}
out=0 err=0 over=''
while [ -z "$over" ]; do
  if [ -f "$run/rc" ]; then
    over=yes
  elif ! alive; then
    sleep 0.3
    over=yes
    [ -f "$run/rc" ] || {
      echo 'mlbox: the run is gone and left no exit code; it was killed, or its machine was' >&2
      echo 'the run is gone and left no exit code' > "$run/fault"
      echo 125 > "$run/rc"
    }
  fi
  size=$(($(wc -c < "$run/stdout.log" 2> /dev/null)))
  [ "$size" -le "$out" ] || tail -c "+$((out + 1))" "$run/stdout.log" | head -c "$((size - out))"
  [ "$size" -le "$out" ] || out=$size
  size=$(($(wc -c < "$run/stderr.log" 2> /dev/null)))
  [ "$size" -le "$err" ] || tail -c "+$((err + 1))" "$run/stderr.log" | head -c "$((size - err))" >&2
  [ "$size" -le "$err" ] || err=$size
  [ -n "$over" ] || sleep 0.1
done
exit "$(cat "$run/rc")"
