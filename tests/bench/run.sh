#!/usr/bin/env bash
# How fast the programs are on this machine: medians with the smallest and largest of RUNS runs, as
# a table, and in build/bench.tsv. Times drift with the machine; the ratios are what to look at.
#
#   RUNS=5 tests/bench/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/${BUILD:-build}:$PATH
: "${RUNS:=5}"
export LC_ALL=C
images=data/mnist/train-images-idx3-ubyte labels=data/mnist/train-labels-idx1-ubyte
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

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

# NAME UNIT: the lines on stdin as a row of the table.
row() {
    sort -g | awk -v name="$1" -v unit="$2" -v OFS='\t' '
        { x[NR] = $1 }
        END { m = int((NR + 1) / 2); print name, unit, NR, (x[m] + x[NR + 1 - m]) / 2, x[1], x[NR] }
    ' >> build/bench.tsv
}

median() { # NAME: of a row above
    awk -F '\t' -v name="$1" '$1 == name { print $4 }' build/bench.tsv
}

ratio() { # NAME OF TO: a row that divides two medians
    awk -v name="$1" -v a="$(median "$2")" -v b="$(median "$3")" \
        'BEGIN { printf "%s\tratio\t\t%.3f\t\t\n", name, a / b }' >> build/bench.tsv
}

printf 'what\tunit\truns\tmedian\tmin\tmax\n' > build/bench.tsv

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

awk -F '\t' -v row='%-38s %-10s %4s %10s %10s %10s\n' '
    function short(x) { return x ~ /^[0-9]/ ? sprintf(x < 100 ? "%.3f" : "%.0f", x) : x }
    { printf row, $1, $2, $3, short($4), short($5), short($6) }' build/bench.tsv
