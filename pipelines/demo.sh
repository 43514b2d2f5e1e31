#!/usr/bin/env bash
# The whole job on real data, in a few minutes: train, evaluate, draw the graphs, read a drawing.
set -euo pipefail
cd "$(dirname "$0")/.."
export BUILD=${BUILD:-build}
model=build/demo/digits.safetensors
mkdir -p build/demo

step() { # TITLE COMMAND...
    local began=$SECONDS
    printf '\n== %s\n   %s\n' "$1" "${*:2}"
    env "${@:2}"
    printf '   (%d s)\n' $((SECONDS - began))
}

step "Train a network on 55,000 digits" VALIDATE=1 OUT=$model pipelines/train-fast.sh
step "Evaluate it on the 10,000 test digits" \
    MODEL=$model OUT=build/demo/report.tsv pipelines/evaluate.sh
step "Draw its graphs" MODEL=$model OUT=build/demo pipelines/plots.sh
step "Read a drawing (build/drawing.png)" MODEL=$model pipelines/read.sh

awk -F '\t' '$1 == "accuracy" { printf "\nTest accuracy: %.2f %%", 100 * $2 }' build/demo/report.tsv
cat <<'END'
. The model is build/demo/digits.safetensors; its graphs are build/demo/*.png and *.svg.

Next, read a picture of your own with the shipped model:   build/cnn-predict FILE.png
or train the accurate one (some minutes):                  pipelines/train.sh
END
