#!/usr/bin/env bash
# Rows: forward only, samples a second at three batch sizes, ours and ONNX Runtime's of the model
# that cnn-export makes of ours; and the share of the peak. Ours takes one thread for one digit, so
# ONNX Runtime's latency is measured with one, too.
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

for which in convnet default 20M; do
    model=$work/$which.safetensors
    engine model "${net[$which]}" "$model"
    cnn-export --to onnx -m "$model" > "$work/$which.onnx"
    for batch in 1 32 512; do
        title="forward $which, batch $batch"
        worker "$title, ours" engine forward "$model" "$batch" "$THREADS"
        names=("$title, ours")
        if have_peers; then
            worker "$title, ONNX Runtime" "$peers" tests/bench/peer_onnx.py \
                "$work/$which.onnx" "$batch"
            names+=("$title, ONNX Runtime")
            if [ "$batch" -eq 1 ]; then
                worker "$title, ONNX Runtime, 1 thread" env THREADS=1 "$peers" \
                    tests/bench/peer_onnx.py "$work/$which.onnx" 1
                names+=("$title, ONNX Runtime, 1 thread")
            fi
        fi
        contest "samples/s" "${names[@]}"
        ratio "$title, ours / peak" "$title, ours" peak \
            "$(engine macs "${net[$which]}" | awk '{ print $1 / 1e9 }')"
        if have_peers; then
            for peer in "${names[@]:1}"; do
                ratio "$title, ours / ${peer#"$title, "}" "$title, ours" "$peer"
            done
        fi
    done
done
