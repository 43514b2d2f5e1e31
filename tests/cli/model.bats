# Model files: what others make of ours, and what the programs make of broken ones.

# shellcheck disable=SC2154 # run sets stderr
bats_require_minimum_version 1.5.0

images=data/mnist/train-images-idx3-ubyte
labels=data/mnist/train-labels-idx1-ubyte

setup_file() {
    export MODEL=$BATS_FILE_TMPDIR/good.safetensors
    idx2bin --range :256 "$images" "$labels" |
        cnn-train --net 'c5x8 p4 d10' -o "$MODEL" > /dev/null 2>&1
    idx2bin --range :10 "$images" "$labels" > "$BATS_FILE_TMPDIR/ten.bin"
}

@test "a model is plain safetensors: NumPy and json read it, aligned and without gaps" {
    "$HWDR_PYTHON" - "$MODEL" <<'EOF'
import json, struct, sys
import numpy

content = open(sys.argv[1], "rb").read()
(length,) = struct.unpack("<Q", content[:8])
assert (8 + length) % 64 == 0
header = json.loads(content[8 : 8 + length])
card = header.pop("__metadata__")
assert card["format"] == "hwdr 1" and card["net"] == "c5x8 p4 d10"
assert card["classes"] == "0 1 2 3 4 5 6 7 8 9" and float(card["temperature"]) > 0
end = 0
for name, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    assert tensor["data_offsets"][0] == end, name
    end = tensor["data_offsets"][1]
    values = numpy.frombuffer(content[8 + length :], "<f4", int(numpy.prod(tensor["shape"])),
                              tensor["data_offsets"][0])
    assert numpy.isfinite(values).all(), name
    assert values.nbytes == end - tensor["data_offsets"][0], name
assert 8 + length + end == len(content)
assert header["0.conv.weight"]["shape"] == [8, 1, 5, 5]
EOF
}

@test "each broken model is refused by cnn-eval and cnn-predict in one line, exit 2" {
    mkdir "$BATS_TEST_TMPDIR/broken"
    "$HWDR_PYTHON" tests/cli/break_model.py "$MODEL" "$BATS_TEST_TMPDIR/broken"
    cnn-eval -m "$MODEL" < "$BATS_FILE_TMPDIR/ten.bin" > /dev/null
    count=0
    for file in "$BATS_TEST_TMPDIR"/broken/*.safetensors; do
        for program in cnn-eval cnn-predict; do
            run -2 --separate-stderr "$program" -m "$file" < "$BATS_FILE_TMPDIR/ten.bin"
            if [ -n "$output" ] || [ "${#stderr_lines[@]}" -ne 1 ] ||
                [[ "$stderr" != "$program: $file: "* ]] || [[ "$stderr" == *[[:cntrl:]]* ]]; then
                echo "$program -m $file: $output / $stderr"
                return 1
            fi
        done
        count=$((count + 1))
    done
    echo "$count"
    [ "$count" -ge 45 ]
}

@test "a model that is missing, a folder or unreadable names itself" {
    run -2 --separate-stderr cnn-eval -m "$BATS_TEST_TMPDIR/none" < "$BATS_FILE_TMPDIR/ten.bin"
    [ "$stderr" = "cnn-eval: $BATS_TEST_TMPDIR/none: cannot open: No such file or directory" ]
    run -2 --separate-stderr cnn-eval -m "$BATS_TEST_TMPDIR" < "$BATS_FILE_TMPDIR/ten.bin"
    [ "$stderr" = "cnn-eval: $BATS_TEST_TMPDIR: not a regular file" ]
    HWDR_MODEL=$BATS_TEST_TMPDIR/other \
        run -2 --separate-stderr cnn-predict < "$BATS_FILE_TMPDIR/ten.bin"
    [ "$stderr" = "cnn-predict: $BATS_TEST_TMPDIR/other: cannot open: No such file or directory" ]
}

@test "one bad model of an ensemble is an error" {
    run -2 --separate-stderr cnn-eval -m "$MODEL" -m "$BATS_TEST_TMPDIR/none" \
        < "$BATS_FILE_TMPDIR/ten.bin"
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
}
