#!/usr/bin/env bash
# From the data to a promoted model: dataset artifact, baselines, sweep, report, final training, test, promotion.
#   scripts/reproduce.sh DATA [OUT]       CamVid on two CPU cores, without a network: under 3 hours
#   scripts/reproduce.sh --quick [OUT]    drawn scenes and tiny trainings: a minute or two, to see that it all works
# Stopped at any point and started again, it goes on where it was. OUT (runs/reproduce) gets steps/, a marker for each
# finished step with the ids it made; server/, the local W&B server's data; and results.md, the table it ends with.
# With WANDB_API_KEY or WANDB_BASE_URL set, everything goes to that server instead.
set -euo pipefail

[[ ${1:-} ]] || { sed -n '2,7s/^# \?//p' "$0" >&2; exit 2; }
absolute() { realpath --canonicalize-missing -- "$1"; }
SELF=$(absolute "$0")
if [[ $1 == --quick ]]; then
    OUT=$(absolute "${2:-$(dirname "$SELF")/../runs/quick}")
    DATA=$OUT/data
    BASELINES=(--vary backbone=mobilenetv3_small_050)
    SWEEP=(run_cap=2 "backbone=[mobilenetv3_small_050]" epochs=1 batch_size=4 augment=flip fit=one_cycle crp=false)
    FINALS=(--vary fit=one_cycle)
    COMMON=(--epochs 1 --batch_size 4 --resize_factor 0.67 --eval_factor 0.67)
else
    OUT=$(absolute "${2:-$(dirname "$SELF")/../runs/reproduce}")
    DATA=$(absolute "$1")
    BASELINES=(--vary "backbone=resnet50,vgg19_bn,mobilenetv2_100" --max_minutes 8)
    SWEEP=("backbone=[efficientnet_lite0,resnet34,resnet50]")
    FINALS=(--vary "fit=one_cycle,fine_tune" --max_minutes 12)
    COMMON=(--resize_factor 0.533 --eval_factor 0.711 --split drives)
fi
cd "$(dirname "$SELF")/.."
export PATH="$PWD/.venv/bin:$PATH" PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" WANDB_PROJECT=camvid
export WANDB_DIR="$OUT/wandb" WANDB_ARTIFACT_DIR="$OUT/artifacts"
mkdir -p "$OUT/steps" "$WANDB_DIR"
if [[ -z ${WANDB_API_KEY:-}${WANDB_BASE_URL:-} ]]; then
    if [[ $1 == --quick ]]; then set -- --quick "$OUT"; else set -- "$DATA" "$OUT"; fi
    exec python -m wandb_local exec --data "$OUT/server" -- "$SELF" "$@"
fi
helper() { python scripts/reproduce.py "$@"; }

# Runs a function unless its marker is there; what it prints on stdout, lines of key=value, becomes the marker.
# The seconds of a step that is cut off stay in a file of their own, and count.
step() {
    local marker=$OUT/steps/$1
    if [[ -f $marker ]]; then
        echo "== $1: done before ($(paste -sd' ' "$marker"))"
        return
    fi
    echo "== $1"
    running=$1 begun=$SECONDS
    "$1" >"$marker.part"
    clock_off
    awk '{ total += $1 } END { print "seconds=" total }' "$marker.spent" >>"$marker.part"
    mv "$marker.part" "$marker"
    rm "$marker.spent"
}
running="" begun=0
clock_off() {
    [[ -z $running ]] || echo "$((SECONDS - begun))" >>"$OUT/steps/$running.spent"
    running=""
}
trap clock_off EXIT
record() { # COMMAND WORD: a helper that fails ends the step
    local found
    found=$(helper "$1" "$2")
    echo "$1=$found"
}
recorded() { sed -n "s/^$2=//p" "$OUT/steps/$1"; } # STEP KEY

data() {
    if [[ $DATA == "$OUT/data" && ! -d $DATA ]]; then
        python -m camvid synth "$DATA" --frames 16 --seed 0 --layout segnet --size 96 128 >&2
    fi
    local said
    said=$(python -m artifacts dataset "$DATA")
    echo "$said" >&2
    sed -n 's/^dataset: /dataset=/p' <<<"$said"
}

baselines() {
    python train.py --config configs/baseline_resnet50.yaml "${BASELINES[@]}" "${COMMON[@]}" \
        --data "$DATA" --out "$OUT/baselines" >&2
    record best "$OUT/baselines"
}

sweep() {
    helper sweep configs/sweep_cpu.yaml "$OUT/sweep.yaml" "out=$OUT/sweep" "${SWEEP[@]}"
    local said
    said=$(wandb sweep --project "$WANDB_PROJECT" "$OUT/sweep.yaml" 2>&1) || { echo "$said" >&2 && exit 1; }
    echo "$said" >&2
    sed -n 's/.*wandb agent \([^ ]*\).*/id=\1/p' <<<"$said"
}

search() {
    wandb agent "$(recorded sweep id)" >&2
    record backbones "$(recorded sweep id)"
}

report() {
    python -m eval sweep "$(recorded sweep id)" --out "$OUT/report" >&2
    echo "page=$OUT/report"
}

finals() {
    python train.py --config configs/final.yaml --from-sweep "$(recorded sweep id)" \
        --vary "backbone=$(recorded search backbones)" "${FINALS[@]}" "${COMMON[@]}" \
        --data "$DATA" --out "$OUT/finals" >&2
    record best "$OUT/finals"
}

tested() {
    local model count=0
    for model in "$OUT"/{baselines,finals}/*/*/model.safetensors; do
        model=$(dirname "$model")
        count=$((count + 1))
        [[ -f $model/test/metrics.json ]] || python -m eval "$model" --data "$DATA" --split test --out "$model/test" >&2
    done
    echo "models=$count"
}

# The best baseline is the first production ever; whether the best final training follows it is for `promote` to say.
first_production() {
    promote "$(recorded baselines best)"
}

promotion() {
    promote "$(recorded finals best)"
    python -m artifacts lineage "$(helper version "$(recorded finals best)")" >"$OUT/lineage.txt"
}

promote() { # RUN
    local model said answer=0
    model=$(helper version "$1")
    said=$(python -m artifacts promote "$model" --alias production) || answer=$?
    echo "$said" >&2
    [[ $answer == 0 ]] || grep -Eq "^(refused|not enough data): " <<<"$said" || exit "$answer" # both are results
    echo "model=$model"
    echo "promoted=$([[ $answer == 0 ]] && echo yes || echo no)"
}

for name in data baselines sweep search report finals tested first_production promotion; do
    step "$name"
done
helper table "$OUT"
