# --- inputs and outputs
@INPUTS@
rm -rf -- "$trash"
@OUTPUTS@

# --- task
cd -- "$code" || fail 122 "$code is not there"
started=$(date +%s)
(
  @EXPORTS@
  @COMMAND@
) < /dev/null &
child=$!
rc=0
wait "$child" || rc=$?
while [ "$rc" -gt 128 ] && kill -0 "$child" 2> /dev/null; do # a signal ended the waiting, not the task
  rc=0
  wait "$child" || rc=$?
done
child=''
fact seconds "$(($(date +%s) - started))"
@REQUEUE@
finish "$rc"
