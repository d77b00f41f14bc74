# shellcheck shell=bash
# Loads the modules that LAB_MODULES names, else those of the batch file: . platforms/slurm/modules.sh NAME ...
# A node without the command `module`, or a site without a module of this name, goes on with what is on PATH.
if type module > /dev/null 2>&1; then
    for name in ${LAB_MODULES-$*}; do
        module load "$name" || echo "no module $name here, going on without it; LAB_MODULES names the site's own" >&2
    done
fi
