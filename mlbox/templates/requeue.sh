case $again:$(squeue --noheader --jobs "$SLURM_JOB_ID" --format %T 2> /dev/null) in
  TERM:C*) # completing: scancel or a preemption has decided already, and the cluster kills or requeues by itself
    while [ "$rc" -ne 0 ] && [ ! -e "$run/cancelled" ]; do sleep 1; done
    ;;
esac
if { [ "$rc" -eq 85 ] || { [ -n "$again" ] && [ "$rc" -ne 0 ]; }; } && [ ! -e "$run/cancelled" ]; then
  restarts=${SLURM_RESTART_COUNT:-0}
  [ "$restarts" -lt @RESTARTS@ ] || fail 125 "requeued $restarts times and not done; ask for more time, or raise \`restarts:\` of the platform"
  rm -f -- "$run/facts"
  printf 'mlbox: stopped by the cluster (exit code %s), requeued\n' "$rc" >&2
  job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
  scontrol requeue "${job:-$SLURM_JOB_ID}" || fail 125 "scontrol cannot requeue this job; run the same command again"
  while :; do sleep 1; done # a job whose script ends within its time of grace counts as completed
fi
