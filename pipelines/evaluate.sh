#!/usr/bin/env bash
# How good is a model on the 10,000 test images? The headline, and the whole report in a file.
#
#   MODEL=model/digits.safetensors DATA=data/mnist OUT=build/report.tsv pipelines/evaluate.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${MODEL:=model/digits.safetensors}" "${DATA:=data/mnist}" "${OUT:=build/report.tsv}"

idx2bin "$DATA/t10k-images-idx3-ubyte" "$DATA/t10k-labels-idx1-ubyte" |
    cnn-eval -m "$MODEL" > "$OUT"

awk -F '\t' -v model="$MODEL" -v report="$OUT" '
    $1 == "samples"  { samples = $2 }
    $1 == "accuracy" {
        printf "%s: %.2f +- %.2f %% of %d right\n", model, 100 * $2, 100 * $3, samples
    }
    $1 == "loss"     { printf "loss %.4f +- %.4f nats", $2, $3 }
    $1 == "ece"      { printf ", calibration error %.2f %%\n", 100 * $2 }
    $1 == "wrong"    { wrong++ }
    END              { printf "%d wrong, each with its index in %s\n", wrong, report }
' "$OUT"
