#!/bin/bash
# The part that all batch files share: train.sh PYTHON-COMMAND -- [options of run_experiment.py]
# A run of the job's name goes on where it stopped (--resume auto). Before the time limit Slurm sends USR1: the run saves and
# ends with 85, and the job asks to be queued again, unless it was cancelled; any other end is the job's own. LAB_SCRATCH is
# removed when it ends.
set -uo pipefail
command=()
while [ "$1" != -- ]; do
    command+=("$1")
    shift
done
shift
"${command[@]}" training/run_experiment.py --name "$SLURM_JOB_NAME-$SLURM_JOB_ID" --resume auto "$@" &
child=$!
trap 'again=yes; kill -USR1 "$child"' USR1 TERM
again=yes code=127
while [ "$again" ]; do  # a signal ends wait, not the run
    again=
    wait "$child"
    ended=$?
    if [ "$ended" -ne 127 ]; then code=$ended; fi  # 127: it was waited for already
done
if [ -n "${LAB_SCRATCH:-}" ]; then rm -rf "$LAB_SCRATCH"; fi
if [ "$code" -eq 85 ]; then
    state=$(squeue --noheader --jobs "$SLURM_JOB_ID" --format %T 2> /dev/null)
    if [[ $state = C* ]]; then  # scancel, or a preemption
        echo "saved; job $SLURM_JOB_ID is $state: Slurm has decided already what becomes of it"
    elif scontrol requeue "$SLURM_JOB_ID"; then
        echo "saved; job $SLURM_JOB_ID is queued again"
        sleep infinity  # a job that ends before Slurm stops it counts as completed
    fi
fi
exit "$code"
