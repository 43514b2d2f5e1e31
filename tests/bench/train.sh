#!/usr/bin/env bash
# Rows: training, samples a second, ours and the peers', each network; our share of the peak, a
# step counted as three times the multiply-adds forward; and two threads against one.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

for which in convnet default 20M; do
    text=${net[$which]}
    read -r batch optimiser <<< "${training[$which]}"
    ours="train $which, ours" torch=()
    worker "$ours" engine train "$text" "$batch" "$optimiser" "$THREADS"
    names=("$ours")
    if [ "$which" = default ]; then
        worker "$ours, 1 thread" engine train "$text" "$batch" "$optimiser" 1
        names+=("$ours, 1 thread")
    fi
    if have_peers; then
        worker "train $which, Keras" "$peers" tests/bench/peer_keras.py \
            "$text" "$batch" "$optimiser"
        for mode in 'eager' 'channels-last' 'compiled' 'compiled channels-last'; do
            name="train $which, PyTorch $mode"
            # shellcheck disable=SC2086 # words
            worker "$name" "$peers" tests/bench/peer_torch.py "$text" "$batch" "$optimiser" $mode
            torch+=("$name")
        done
        names+=("train $which, Keras" "${torch[@]}")
    fi
    contest "samples/s" "${names[@]}"
    ratio "train $which, ours / peak" "$ours" peak \
        "$(engine macs "$text" | awk '{ print 3 * $1 / 1e9 }')"
    if [ "$which" = default ]; then
        ratio "train $which, $THREADS threads / 1 thread" "$ours" "$ours, 1 thread"
    fi
    if have_peers; then
        ratio "train $which, ours / Keras" "$ours" "train $which, Keras"
        ratio "train $which, ours / PyTorch's best" "$ours" "$(best "${torch[@]}")"
    fi
done
