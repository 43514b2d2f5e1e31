#!/usr/bin/env bash
# Read a drawing, a scan or a photo: prints the numbers on it, a line of output a line of writing.
#
#   MODEL=model/digits.safetensors OVERLAY=seen.png pipelines/read.sh [PAGE.png]
#
# With OVERLAY, what was read where is drawn over the page. Without a page, one is drawn: a 2, with
# a thick round pen, in build/drawing.png. Status 1 when there is no digit on it.
set -euo pipefail
page=${1:+$(realpath -- "$1")}
overlay=${OVERLAY:+$(realpath -- "$OVERLAY")}
cd "$(dirname "$0")/.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${MODEL:=model/digits.safetensors}"

if [ -z "$page" ]; then
    page=build/drawing.png
    gnuplot -e "out = '$page'" plots/drawing.gp
fi

cnn-predict --lines -m "$MODEL" ${overlay:+--overlay "$overlay"} "$page" | cut -f 2
