#!/usr/bin/env bash
# How fast we are on this machine, beside the peers that `make peers` installs: medians with the
# smallest and largest of RUNS runs, as a table, and in build/bench.tsv. Times drift with the
# machine; the ratios are what to look at.
#
#   RUNS=5 SECONDS_EACH=2 THREADS=2 make bench
#   make bench ROWS='train forward'    of peak, train, forward, fast, start and pipes
#
# Takes half an hour with the peers; RUNS=3 SECONDS_EACH=0.5 a few minutes.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

for rows; do
    [[ $rows =~ ^(peak|train|forward|fast|start|pipes)$ ]] || {
        echo "bench: '$rows' is not peak, train, forward, fast, start or pipes" >&2
        exit 2
    }
done

printf 'what\tunit\truns\tmedian\tmin\tmax\n' > "$table"
have_peers || echo "bench: no peers in build/peers (make peers): ours alone" >&2
[ $# -gt 0 ] || set -- peak train forward fast start pipes
[ "$1" = peak ] || set -- peak "$@" # what shares are shares of
for rows; do
    echo "bench: $rows" >&2
    "tests/bench/$rows.sh"
done

awk -F '\t' -v row='%-50s %-10s %4s %10s %10s %10s\n' '
    function short(x) { return x ~ /^[0-9]/ ? sprintf(x < 100 ? "%.3f" : "%.0f", x) : x }
    { printf row, $1, $2, $3, short($4), short($5), short($6) }' "$table"
