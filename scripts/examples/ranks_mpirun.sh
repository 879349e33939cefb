#!/bin/sh
# The same by MPI, on the machines of a host file: ranks_mpirun.sh RANKS DATA [OPTIONS of lrfind sweep]
# MPIRUN_OPTIONS holds what mpirun is to be told, such as "--hostfile hosts --bind-to socket".
ranks=$1
shift
# shellcheck disable=SC2086  # several words
exec mpirun -np "$ranks" $MPIRUN_OPTIONS "${LRFIND:-lrfind}" sweep "$@"
