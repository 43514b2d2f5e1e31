#!/usr/bin/env bash
# Rows: idx2bin against cat, and augment against what the fast recipe consumes.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

# WORK COMMAND...: run the command RUNS times; print WORK per second of each run, one a line.
rates() {
    local amount=$1 run begin end
    shift
    for ((run = 0; run < RUNS; run++)); do
        begin=$EPOCHREALTIME
        "$@"
        end=$EPOCHREALTIME
        awk -v n="$amount" -v a="$begin" -v b="$end" 'BEGIN { print n / (b - a) }'
    done
}

# The same bytes through the same pipe: 10 times MNIST as one stream, as idx2bin writes it, and as
# cat copies it from a file in memory.
passes=10
idx2bin "$images" "$labels" > "$work/stream"
copies=()
for ((i = 0; i < passes; i++)); do copies+=("$work/stream"); done
bytes=$((passes * $(stat -c %s "$work/stream")))
with_cat() { cat "${copies[@]}" | cat > /dev/null; }
with_idx2bin() { idx2bin --epochs $passes "$images" "$labels" | cat > /dev/null; }
rates "$((bytes / 1000000))" with_cat | row "cat | cat" "MB/s"
rates "$((bytes / 1000000))" with_idx2bin | row "idx2bin | cat" "MB/s"
ratio "idx2bin / cat" "idx2bin | cat" "cat | cat"

# Every distortion on, one core; against what the fast recipe takes in, which is in its metrics.
all_distortions() {
    augment --stroke 0.5 --erase 4 --threads 1 < "$work/stream" > /dev/null
}
rates 60000 all_distortions | row "augment, every distortion, 1 thread" "samples/s"
EPOCHS=1 OUT=$work/fast.safetensors pipelines/train-fast.sh 2> /dev/null
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    END { print $at["samples"] / $at["seconds"] }' "$work/fast.tsv" |
    row "train-fast.sh consumes" "samples/s"
ratio "augment / train-fast.sh" "augment, every distortion, 1 thread" "train-fast.sh consumes"
