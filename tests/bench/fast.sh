#!/usr/bin/env bash
# Rows: the time from process start to a model trained by one epoch of the recipe of
# train_mnist_fast, and its accuracy on the test digits; ours as a pipeline, and in PyTorch, which
# reads the very same stream of distorted digits. As many seeds as RUNS.
#
# The recipe distorts nothing and smooths no labels: so it read 98.99 +- 0.10 % of the last 5,000
# training digits, having learnt the others (seeds 1 to 8); with the distortions below 99.05 +- 0.09
# (seeds 1 to 16), and with smoothed labels too 99.15 +- 0.09 (seeds 9 to 16).
# shellcheck source=tests/bench/table.sh
. "$(dirname "$0")/table.sh"

text='c5x24vb p2 c3x32vb p2 d256 d10'
idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte > "$work/test"

samples() { # SEED
    idx2bin "$images" "$labels" |
        augment --none --rotate 8 --shift 1 --zoom 0.08 --shear 0.1 --seed "$1"
}

ours() { # SEED: prints "SECONDS ACCURACY"
    local begin=$EPOCHREALTIME end
    samples "$1" |
        cnn-train --net "$text" --optimizer adam --rate 0.01 --beta1 0.7 --beta2 0.9 \
            --schedule onecycle --warmup 0.3 --batch 256 --label-smoothing 0.1 --ema 0 \
            --seed "$1" --threads "$THREADS" -o "$work/fast.safetensors" > /dev/null 2>&1
    end=$EPOCHREALTIME
    cnn-eval -m "$work/fast.safetensors" < "$work/test" |
        awk -v a="$begin" -v b="$end" '$1 == "accuracy" { print b - a, 100 * $2 }'
}

torch() { # SEED: the same
    local begin=$EPOCHREALTIME
    samples "$1" | PYTHONPATH=lib "$peers" tests/bench/fast_torch.py "$text" "$1" 2> "$work/log" |
        awk -v a="$begin" '{ print $1 - a, $2 }'
}

for ((seed = 1; seed <= RUNS; seed++)); do
    ours "$seed" >> "$work/ours"
    ! have_peers || torch "$seed" >> "$work/torch"
done
for who in ours torch; do
    [ -s "$work/$who" ] || continue
    name=${who/torch/PyTorch}
    cut -d ' ' -f 1 "$work/$who" | row "99 % recipe, $name" s
    cut -d ' ' -f 2 "$work/$who" | row "99 % recipe, $name, test accuracy" %
    awk -v OFS='\t' -v name="99 % recipe, $name, mean test accuracy" \
        '{ sum += $2 } END { print name, "%", NR, sum / NR, "", "" }' "$work/$who" >> "$table"
done
ratio "99 % recipe, PyTorch / ours" "99 % recipe, PyTorch" "99 % recipe, ours"
