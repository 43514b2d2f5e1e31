#!/usr/bin/env bash
# Rows: cnn-predict < digit.png as a whole process, against /bin/true: time and peak memory.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

idx2bin --range :1 "$images" "$labels" | bin2png --columns 1 > "$work/digit.png"
for name in cnn-predict /bin/true; do
    ASK=3 STDIN=$work/digit.png worker "start $name" process "$name"
done
contest ms "start cnn-predict" "start /bin/true"
for name in cnn-predict /bin/true; do
    awk '{ print $2 / 1024 }' "$(file "start $name").values" | row "memory of $name" MiB
done
ratio "start cnn-predict / /bin/true" "start cnn-predict" "start /bin/true"
