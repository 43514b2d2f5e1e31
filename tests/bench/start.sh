#!/usr/bin/env bash
# Rows: cnn-predict < digit.png as a whole process, against /bin/true: time and peak memory. The
# digit is a drawing; and one on a sheet with a caption, which is doubtful: it is cut into pieces,
# which the network sees too, 13 images instead of one.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

idx2bin --range :1 "$images" "$labels" | bin2png --columns 1 > "$work/doubtful.png"
ASK=3 STDIN=tests/bench/drawing.png worker "start cnn-predict" process cnn-predict
ASK=3 STDIN=$work/doubtful.png worker "start cnn-predict, doubtful" process cnn-predict
ASK=3 STDIN=/dev/null worker "start /bin/true" process /bin/true
contest ms "start cnn-predict" "start cnn-predict, doubtful" "start /bin/true"
for name in "cnn-predict" "cnn-predict, doubtful" /bin/true; do
    awk '{ print $2 / 1024 }' "$(file "start $name").values" | row "memory of $name" MiB
done
ratio "start cnn-predict / /bin/true" "start cnn-predict" "start /bin/true"
ratio "start cnn-predict, doubtful / /bin/true" "start cnn-predict, doubtful" "start /bin/true"
