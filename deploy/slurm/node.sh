#!/usr/bin/env bash
# train.sbatch runs this once on each node. It starts a process for each GPU, and all processes share one training.
set -euo pipefail

# Decoded frames are on the node's own disk until the job ends; CAMVID_CACHE names a folder that stays.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME="${CAMVID_CACHE:-$scratch}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"

accelerate launch --multi_gpu --mixed_precision no --dynamo_backend no \
    --num_machines "$SLURM_NNODES" --machine_rank "$SLURM_NODEID" \
    --num_processes "$((SLURM_NNODES * ${SLURM_GPUS_ON_NODE:-1}))" \
    --main_process_ip "$MASTER_ADDR" --main_process_port "$MASTER_PORT" train.py "$@"
