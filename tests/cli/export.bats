# cnn-export: what other programs make of our models.

bats_require_minimum_version 1.5.0

setup_file() {
    export SAMPLES=$BATS_FILE_TMPDIR/samples.bin
    idx2bin --range 100:140 data/mnist/t10k-images-idx3-ubyte > "$SAMPLES"
}

# NET: train it a little, on digits enough to move batch norm's statistics, into $MODEL.
model() {
    MODEL=$BATS_TEST_TMPDIR/model.safetensors
    idx2bin --range :300 data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte |
        cnn-train --net "$1" --batch 50 --rate 0.01 -o "$MODEL" > /dev/null 2>&1
}

# [OPTION...]: export $MODEL, and run the file on $SAMPLES with Python and the check's $CHECK;
# `nodes` are its nodes.
check() {
    cnn-export --to onnx -m "$MODEL" "$@" > "$BATS_TEST_TMPDIR/model.onnx"
    cnn-predict --scores -m "$MODEL" "$SAMPLES" > "$BATS_TEST_TMPDIR/scores"
    # shellcheck disable=SC2086 # none or one word
    "${PYTHON:-$HWDR_PYTHON}" tests/cli/onnx_check.py "$BATS_TEST_TMPDIR/model.onnx" "$SAMPLES" \
        "$BATS_TEST_TMPDIR/scores" ${CHECK:-} > "$BATS_TEST_TMPDIR/nodes"
    nodes=$(paste -sd ' ' "$BATS_TEST_TMPDIR/nodes")
    echo "$nodes"
}

every_layer() {
    model 'c4x8 drop0.1 p2 c2x20b a3 d18n d12l drop0.5 d10'
    check
    [ "$nodes" = "Conv Relu MaxPool Conv Relu AveragePool Flatten Gemm Relu Gemm Gemm Div" ]
    check --keep-norm
    [[ $nodes == "Conv BatchNormalization Relu MaxPool "*" Gemm BatchNormalization Relu Gemm "* ]]
    model 'c3x9vl p3 c3x17 gap d10'
    check
    [ "$nodes" = "Conv MaxPool Conv Relu GlobalAveragePool Flatten Gemm Div" ]
    check --keep-norm
    model 'd20 c1x16 p1 c3x10'
    check
    [ "$nodes" = "Flatten Gemm Relu Reshape Conv Relu GlobalMaxPool Conv Flatten Div" ]
    model 'c3x17 p4 se5 c3x9b gma d10'
    check
    [ "$nodes" = "Conv Relu MaxPool GlobalAveragePool Flatten Gemm Relu Gemm Sigmoid Reshape Mul \
Conv Relu GlobalMaxPool GlobalAveragePool Concat Flatten Gemm Div" ]
    model 'd20 se3 d10'
    check
    [ "$nodes" = "Flatten Gemm Relu Reshape GlobalAveragePool Flatten Gemm Relu Gemm Sigmoid \
Reshape Mul Flatten Gemm Div" ]
    model 'c6x7b gmp c1x10 gap'
    check --keep-norm
    [ "${nodes##* G}" = "lobalAveragePool Flatten Div" ]
}

@test "each kind of layer becomes the nodes that NumPy computes the same with" {
    every_layer
}

@test "the shipped model keeps its temperature" {
    MODEL=model/digits.safetensors
    check
    [ "$nodes" = "Conv Relu MaxPool Conv Relu Conv Relu MaxPool Conv Relu Conv Relu Conv Relu \
GlobalMaxPool Flatten Gemm Div" ]
}

@test "ONNX's checker and ONNX Runtime agree, for each kind of layer and the shipped model" {
    PYTHON=build/peers/bin/python CHECK=--peers
    [ -x $PYTHON ] || skip "no build/peers (make peers)"
    every_layer
    MODEL=model/digits.safetensors
    check
    check --keep-norm
}

@test "the default model is \$HWDR_MODEL, else the shipped one; the same bytes each time" {
    cd "$BATS_TEST_TMPDIR"
    model=$BATS_TEST_DIRNAME/../../model/digits.safetensors
    cnn-export --to onnx -m "$model" > named
    cnn-export --to onnx > shipped
    HWDR_MODEL=$model cnn-export --to onnx > variable
    cmp named shipped
    cmp named variable
}

@test "the card has the network, its size and cost, and all metadata" {
    idx2bin --range :300 data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte |
        cnn-train --net 'c3x8 p2 c3x4bv p2 d10' --seed 9 --temperature 0.75 --meta "note=a"$'\t'b \
            -o "$BATS_TEST_TMPDIR/model" > /dev/null 2>&1
    run -0 cnn-export --to card -m "$BATS_TEST_TMPDIR/model"
    # 8*9 + 2*8 of the norm, 4*8*9 + 4, 10*4*6*6 + 10; 8*9*28*28, 4*8*9*12*12, 10*144
    [ "${lines[0]}" = $'net\tc3x8 p2 c3x4bv p2 d10' ]
    [ "${lines[1]}" = $'parameters\t1830' ]
    [ "${lines[2]}" = $'macs\t99360' ]
    [ "${lines[3]}" = $'temperature\t0.75' ]
    grep -q $'^seed\t9$' <<< "$output"
    grep -q $'^recipe\tcnn-train --net \'c3x8 p2' <<< "$output"
    grep -q $'^note\ta?b$' <<< "$output"
    # the same of a network before it is trained
    run -0 cnn-train --net 'c3x8 p2 c3x4bv p2 d10' --summary
    [ "${lines[2]}" = $'macs\t99360' ]
}

@test "mistakes: a line each, exit 2, nothing on stdout" {
    mistake() { # MESSAGE ARGUMENT...
        run -2 --separate-stderr cnn-export "${@:2}"
        # shellcheck disable=SC2154 # run sets them
        [[ -z $output && $stderr == "cnn-export: $1"* && ${#stderr_lines[@]} -eq 1 ]]
    }
    mistake "--to: which form? onnx or card"
    mistake "--to: 'keras' is not one of onnx, card" --to keras
    mistake "--keep-norm: needs --to onnx" --to card --keep-norm
    mistake "'extra': takes no operands" --to onnx extra
    mistake "none: cannot open: No such file or directory" --to onnx -m none
    mistake "unrecognized option" --to onnx --frozen
}

@test "a full disk is trouble" {
    run -2 bash -c 'cnn-export --to onnx > /dev/full'
    [ "$output" = "cnn-export: stdout: No space left on device" ]
}

@test "a terminal is refused" {
    command -v script >/dev/null || skip "no script(1) to make a terminal"
    run -2 script -qec 'cnn-export --to onnx' /dev/null
    [[ $output == *"cnn-export: stdout: is a terminal"* ]]
}
