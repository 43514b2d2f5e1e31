#!/usr/bin/env bash
# Rows: the multiply-adds a second that each instruction set can do at most; and the row "peak",
# the highest with THREADS threads, that other rows are divided by.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

names=()
for isa in $(peak list); do
    for threads in 1 "$THREADS"; do
        name="peak $isa, $threads threads"
        worker "$name" peak "$isa" "$threads"
        names+=("$name")
    done
done
contest "GMAC/s" "${names[@]}"
mapfile -t all < <(for isa in $(peak list); do echo "peak $isa, $THREADS threads"; done)
median "$(best "${all[@]}")" | row "peak" "GMAC/s"
