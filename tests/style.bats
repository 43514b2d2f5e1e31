# The rules of the house that a program can check.

bats_require_minimum_version 1.5.0

# Sets `files` to the checkout's files of these patterns: nothing that was built, no data.
list() {
    mapfile -t files < <(git ls-files --cached --others --exclude-standard -- "$@" |
        while read -r file; do [ ! -e "$file" ] || echo "$file"; done)
    [ ${#files[@]} -gt 0 ]
}

# PATTERN FILE...: passes when no line matches; shows those that do.
absent() {
    run grep -nE "$@"
    echo "$output"
    [ "$status" -eq 1 ]
}

setup() {
    git rev-parse --git-dir >/dev/null 2>&1 || skip "not a git work tree"
}

@test "clang-format reproduces the C code" {
    list '*.c' '*.h'
    clang-format --dry-run -Werror "${files[@]}"
}

@test "shellcheck has nothing to say about the scripts" {
    list '*.sh' tests/run .ci/run
    shellcheck "${files[@]}"
    list '*.bats'
    # A test's variables do stay in the test, as these two complain.
    shellcheck -e SC2030,SC2031 "${files[@]}"
}

@test "mandoc has nothing to say about the manual pages" {
    list '*.1'
    # The pages refer to each other before they are installed; and our lines have 100 columns.
    mandoc -Tlint "${files[@]}" > "$BATS_TEST_TMPDIR/lint" || true
    absent -v 'manual not found|longer than 80 bytes|operating system explicitly' \
        "$BATS_TEST_TMPDIR/lint"
}

@test "every program has its manual page, with its exit status and examples" {
    list 'tools/*.c'
    for file in "${files[@]}"; do
        grep -q '^\.Sh EXIT STATUS' "${file%.c}.1"
        grep -q '^\.Sh EXAMPLES' "${file%.c}.1"
    done
}

@test "no line is longer than 100 columns" {
    list '*.c' '*.h' '*.sh' '*.bats' '*.py' '*.gp' Makefile tests/run .ci/run
    LC_ALL=C.UTF-8 absent '^.{101}' "${files[@]}"
}

@test "no C file is longer than 450 lines" {
    list '*.c' '*.h'
    awk 'FNR == 451 { print FILENAME; bad = 1 } END { exit bad }' "${files[@]}"
}

@test "a program includes no other, and the library nothing of the programs'" {
    list 'tools/*.c'
    absent '#include ".*\.c"|#include ".*tools/' "${files[@]}"
    list 'lib/*.[ch]' ':!lib/cli.c'
    absent '#include ".*cli\.h"' "${files[@]}"
}

@test "gcc compiles everything without a warning" {
    make -s -j2 BUILD="$BATS_TEST_TMPDIR" CC=gcc CFLAGS='-O1 -Werror' all tests
}

@test "clang compiles everything without a warning" {
    command -v clang || skip "clang is not installed"
    # Stands in for the header of clang's OpenMP, which is a package of its own.
    printf 'int omp_get_%s(void);\n' thread_num num_threads max_threads num_procs \
        > "$BATS_TEST_TMPDIR/omp.h"
    clang="clang -Werror -isystem $BATS_TEST_TMPDIR"
    make -s -j2 BUILD="$BATS_TEST_TMPDIR" CC="$clang" CFLAGS=-O1 "$BATS_TEST_TMPDIR/libhwdr.a"
    # shellcheck disable=SC2016 # make is to expand it
    flags=$(make -s --eval='flags: ; @echo $(HWDR_CPPFLAGS) $(HWDR_CFLAGS)' flags)
    list 'tools/*.c'
    # shellcheck disable=SC2086 # words
    $clang $flags -fsyntax-only "${files[@]}"
}
