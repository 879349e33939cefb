#!/bin/sh
# One machine, RANKS processes that train one network: ranks_torchrun.sh RANKS DATA [OPTIONS of lrfind sweep]
# On GPUs RANKS is how many there are; on CPUs give each its share of them with --threads.
ranks=$1
shift
exec torchrun --nproc_per_node "$ranks" --no_python "${LRFIND:-lrfind}" sweep "$@"
