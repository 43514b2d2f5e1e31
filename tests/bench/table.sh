# shellcheck shell=bash disable=SC2034 # others use them
# For the scripts beside it, which source it: rows of build/bench.tsv, and contests between workers.
#
# A worker is a process that measures once, and prints a number, for each line it is sent. So its
# start is not measured; and contestants take turns, so that ratios hold when the machine drifts.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${BUILD:=build}" "${RUNS:=5}" "${SECONDS_EACH:=2}" "${THREADS:=2}"
PATH=$PWD/$BUILD:$PWD/$BUILD/bench:$PATH
export LC_ALL=C BUILD RUNS SECONDS_EACH THREADS
table=build/bench.tsv
images=data/mnist/train-images-idx3-ubyte labels=data/mnist/train-labels-idx1-ubyte
peers=build/peers/bin/python
work=$(mktemp -d)
declare -A ask=() answer=() pid=()
stop() {
    [ ${#pid[@]} -eq 0 ] || kill "${pid[@]}" 2> /dev/null || true
    rm -rf "$work"
}
trap stop EXIT

# The networks that are compared, and how they are trained: batch and optimiser.
declare -A net=(
    [convnet]='c3x32vb p2 c3x64vb p2 drop0.5 d10'
    [default]='c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10'
    [20M]='c3x32 c3x32 p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10'
)
declare -A training=([convnet]='128 adam' [default]='128 sgd' [20M]='128 sgd')

# NAME UNIT: the numbers on stdin, one a line, as a row of the table.
row() {
    sort -g | awk -v name="$1" -v unit="$2" -v OFS='\t' '
        { x[NR] = $1 }
        END {
            m = int((NR + 1) / 2)
            if (NR) print name, unit, NR, (x[m] + x[NR + 1 - m]) / 2, x[1], x[NR]
        }' >> "$table"
}

median() { # NAME: of the last row of that name; nothing where there is none
    awk -F '\t' -v name="$1" '$1 == name { m = $4 } END { if (m != "") print m }' "$table"
}

# NAME OF TO [FACTOR]: a row that divides two medians, where both are there.
ratio() {
    awk -v name="$1" -v a="$(median "$2")" -v b="$(median "$3")" -v factor="${4:-1}" '
        BEGIN { if (a != "" && b > 0) printf "%s\tratio\t\t%g\t\t\n", name, a / b * factor }
    ' >> "$table"
}

# The row with the largest median.
best() {
    for name; do printf '%s\t%s\n' "$(median "$name")" "$name"; done | sort -gr |
        sed -n '1s/.*\t//p'
}

file() { # NAME: where its worker's things are
    echo "$work/${1//[^a-zA-Z0-9]/_}"
}

# NAME COMMAND...: start a worker. With ASK=3 it is asked on that file descriptor, else on stdin.
worker() {
    local name=$1 at fd
    at=$(file "$1")
    shift
    mkfifo "$at.ask" "$at.answer"
    if [ "${ASK:-0}" = 3 ]; then
        "$@" 3< "$at.ask" > "$at.answer" 2> "$at.log" < "$STDIN" &
    else
        SECONDS=$SECONDS_EACH "$@" < "$at.ask" > "$at.answer" 2> "$at.log" &
    fi
    pid[$name]=$!
    exec {fd}> "$at.ask"
    ask[$name]=$fd
    exec {fd}< "$at.answer"
    answer[$name]=$fd
}

# NAME: what it measures now; fails when the worker is no more.
measure() {
    local line
    (echo go >&"${ask[$1]}") 2> /dev/null && read -r line <&"${answer[$1]}" && echo "$line"
}

# UNIT NAME...: let the workers take turns RUNS times, a row each, and end them.
contest() {
    local unit=$1 name run
    shift
    for name; do measure "$name" > /dev/null || true; done # warms caches and clocks
    for ((run = 0; run < RUNS; run++)); do
        for name; do measure "$name" >> "$(file "$name").values" || true; done
    done
    for name; do
        kill "${pid[$name]}" 2> /dev/null || true
        wait "${pid[$name]}" 2> /dev/null || true
        unset "pid[$name]"
        if [ -s "$(file "$name").values" ]; then
            row "$name" "$unit" < "$(file "$name").values"
        else
            echo "bench: $name: failed: $(tail -n 1 "$(file "$name").log")" >&2
        fi
    done
}

have_peers() {
    [ -x "$peers" ]
}
