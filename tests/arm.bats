# AArch64's kernels, NEON's, in an emulator: their tests pass, and programs built by a cross
# compiler give the bytes that they give with this machine's kernels.
#
#   pipelines/deps.sh arm && make tests && tests/run tests/arm.bats
#
# Skipped where compiler or emulator are missing, or the libraries cannot be fetched.

bats_require_minimum_version 1.5.0

setup_file() {
    export ARM=$PWD/build/arm T=$BATS_FILE_TMPDIR WHY_NOT
    local names
    names=$("$BUILD/tests/test_kernels" names)
    WHY_NOT=$(why_not "$names")
    [ -z "$WHY_NOT" ] || return 0
    local programs=(cnn-predict cnn-train tests/test_{kernels,winograd,tail,layers})
    make -s -j"$(nproc)" BUILD=build/arm CC="aarch64-linux-gnu-gcc --sysroot=$ARM/root" \
        "${programs[@]/#/build/arm/}"
    digits 0:500 | augment > "$T/train.bin"
    digits 55000:55060 > "$T/val.bin"
}

setup() {
    [ -z "$WHY_NOT" ] || skip "$WHY_NOT"
}

# KERNELS: this machine's. stdout: why this suite cannot run here, if so. Fetches the libraries if
# they are not there.
why_not() {
    local program
    for program in aarch64-linux-gnu-gcc qemu-aarch64; do
        [ -n "$(type -P $program)" ] || { echo "no $program (pipelines/deps.sh arm)" && return; }
    done
    mkdir -p "$ARM"
    if [[ $1 != *avx2* ]]; then
        echo "no AVX2 here to compare with"
    elif [ ! -d "$ARM/root" ] && ! fetch > "$ARM/fetch.log" 2>&1; then
        echo "AArch64's libraries could not be fetched (build/arm/fetch.log)"
    fi
}

# Unpacks Debian's libraries, and what these need, into $ARM/root. Of the machine's apt it takes the
# sources and nothing else: for its own state, this is an AArch64 with nothing installed.
fetch() {
    local new=$ARM/new deb
    local apt=(timeout 300 apt-get -q -y --no-install-recommends -o APT::Architecture=arm64
        -o APT::Architectures=arm64 -o Dir::State="$new/apt" -o Dir::State::status="$new/apt/status"
        -o Dir::Cache="$new/apt" -o Acquire::Languages=none)
    rm -rf "$new"
    mkdir -p "$new/apt" && touch "$new/apt/status" && "${apt[@]}" update &&
        "${apt[@]}" install --download-only libc6-dev libgomp1 libpng-dev zlib1g-dev \
            libjansson-dev librandom123-dev libcmocka-dev || return
    for deb in "$new"/apt/archives/*.deb; do
        dpkg-deb -x "$deb" "$new/root" || return
    done
    [ -e "$new/root/lib" ] || ln -s usr/lib "$new/root/lib" # from Debian 13 on
    mv "$new/root" "$ARM/" # last: from here on it counts as fetched
    rm -rf "$new"
}

# RANGE: training digits with labels.
digits() {
    idx2bin -r "$1" data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte
}

# PROGRAM [ARGUMENT...]
arm() {
    qemu-aarch64 -L "$ARM/root" -E HWDR_CPU=neon "$ARM/$1" "${@:2}"
}

@test "NEON passes test_kernels" {
    [ "$(arm tests/test_kernels names)" = $'portable\nneon' ]
    arm tests/test_kernels
}

@test "NEON passes test_winograd" {
    arm tests/test_winograd
}

@test "NEON passes test_tail" {
    arm tests/test_tail
}

@test "NEON passes test_layers" {
    arm tests/test_layers
}

@test "cnn-predict's scores are the same bytes with NEON, 1 and 2 threads" {
    cnn-predict --scores < "$T/val.bin" > "$T/scores"
    for threads in 1 2; do
        arm cnn-predict --scores -t $threads < "$T/val.bin" | cmp - "$T/scores"
    done
}

@test "cnn-train's model is the same bytes with NEON, 1 and 2 threads" {
    options=(--net 'c5x16v p2 c3x32 se4 a2 c3x32 drop0.1 gma d32 d10' --val "$T/val.bin")
    cnn-train "${options[@]}" -o "$T/model" < "$T/train.bin"
    for threads in 1 2; do
        arm cnn-train "${options[@]}" -t $threads -o "$T/arm" < "$T/train.bin"
        cmp "$T/arm" "$T/model"
    done
}
