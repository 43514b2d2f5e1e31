#!/usr/bin/env bash
# What the page shows beside predictions, made by the programs: build/web/ gets
#
#   report.tsv        cnn-eval of the model on the 10,000 test digits
#   metrics.tsv       what cnn-train said while it trained the model, where that is known
#   test-images.idx   the test digits and
#   test-labels.idx   their labels
#
#   HWDR_MODEL=model/digits.safetensors pipelines/web-data.sh
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BUILD:=build}" "${HWDR_MODEL:=model/digits.safetensors}"
PATH=$PWD/$BUILD:$PATH
images=data/mnist/t10k-images-idx3-ubyte labels=data/mnist/t10k-labels-idx1-ubyte
to=$BUILD/web

mkdir -p "$to"
trap 'rm -f "$to/report.tmp"' EXIT
known=$(cat "$to/model" 2>/dev/null || true)
if [ "$HWDR_MODEL" -nt "$to/report.tsv" ] || [ "$known" != "$HWDR_MODEL" ]; then
    echo "web-data: evaluating $HWDR_MODEL on the test digits"
    idx2bin "$images" "$labels" | cnn-eval -m "$HWDR_MODEL" >"$to/report.tmp"
    mv "$to/report.tmp" "$to/report.tsv"
    echo "$HWDR_MODEL" >"$to/model"
fi
rm -f "$to/metrics.tsv"
metrics=${HWDR_MODEL%.safetensors}.tsv
[ ! -f "$metrics" ] || cp "$metrics" "$to/metrics.tsv"
cp -u "$images" "$to/test-images.idx"
cp -u "$labels" "$to/test-labels.idx"
