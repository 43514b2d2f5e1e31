#!/usr/bin/env bash
# All graphs of a model, as PNG and SVG: its training curves from the metrics beside it, and how it
# does on the test set, down to each wrong digit.
#
#   MODEL=model/digits.safetensors OUT=plots pipelines/plots.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${MODEL:=model/digits.safetensors}" "${OUT:=plots}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$OUT"

MODEL=$MODEL OUT=$work/report.tsv pipelines/evaluate.sh > /dev/null
idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |
    bin2png --wrong "$work/report.tsv" --doubtful model/doubtful.txt > "$work/wrong.png"

for kind in png svg; do
    plot-metrics --graph curves -o "$OUT/curves.$kind" < "${MODEL%.safetensors}.tsv"
    plot-metrics --graph confusion -o "$OUT/confusion.$kind" < "$work/report.tsv"
    plot-metrics --graph classes -o "$OUT/classes.$kind" < "$work/report.tsv"
    plot-metrics --graph reliability -o "$OUT/reliability.$kind" < "$work/report.tsv"
    plot-metrics --picture "$work/wrong.png" -o "$OUT/wrong.$kind" < "$work/report.tsv"
done
printf '%s\n' "$OUT"/{curves,confusion,classes,reliability,wrong}.{png,svg}
