#!/usr/bin/env bash
# Read a drawing or a photo: prints its name, the digits, and the confidence.
#
#   MODEL=model/digits.safetensors pipelines/read.sh [FILE.png]
#
# Without a file, one is drawn: a 2, with a thick round pen, in build/drawing.png.
set -euo pipefail
file=${1:+$(realpath -- "$1")}
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${MODEL:=model/digits.safetensors}"

if [ -z "$file" ]; then
    file=build/drawing.png
    gnuplot -e "out = '$file'" plots/drawing.gp
fi

cnn-predict -m "$MODEL" "$file"
