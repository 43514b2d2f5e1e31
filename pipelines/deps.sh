#!/usr/bin/env bash
# What the machine must have, checked in a blink; what is missing is installed with apt-get.
#
#   pipelines/deps.sh GROUP...    GROUP is build (to build, and make demo), serve (make serve), test
#                                 or browser (both for make test), arm (for tests/arm.bats) or
#                                 collections (for tests/collections/run.sh)
#   NO_INSTALL=1                  install nothing: name what is missing, exit 1
#
# A part counts as there when it works, wherever it came from: a header that the compiler finds, a
# command on PATH, a Python module. So a library of your own in /usr/local is never doubled.
set -euo pipefail
: "${CC:=cc}" "${HWDR_PYTHON:=/usr/bin/python3}"

# group, Debian 12's packages, and how to tell that they are there
table() {
    cat <<'END'
build gcc,libc6-dev     header  stdio.h
build make              command make
build libpng-dev        header  png.h
build zlib1g-dev        header  zlib.h
build libjansson-dev    header  jansson.h
build librandom123-dev  header  Random123/philox.h
build libfcgi-dev       header  fcgiapp.h
build gnuplot-nox       command gnuplot
build curl,ca-certificates command npm curl
serve lighttpd          command lighttpd
test  lighttpd          command lighttpd
test  busybox           command busybox
test  curl              command curl
test  libcmocka-dev     header  cmocka.h
test  bats              command bats
test  shellcheck        command shellcheck
test  mandoc            command mandoc
test  clang-format      command clang-format
test  python3           command python3
test  python3-numpy     module  numpy
test  git               command git
browser chromium,fonts-dejavu-core command chromium
browser nodejs          command node
browser npm             command npm
collections python3-numpy module numpy
collections python3-pil module PIL
collections python3-pip module pip
collections npm         command npm
arm   gcc-aarch64-linux-gnu command aarch64-linux-gnu-gcc
arm   qemu-user         command qemu-aarch64
END
}

# stdin: header names; stdout: those that the compiler finds, in one run; none without a compiler.
present_headers() {
    while read -r header; do
        printf '#if __has_include(<%s>)\npresent %s\n#endif\n' "$header" "$header"
    done | $CC -E -xc - 2>/dev/null | sed -n 's/^present //p'
}

# stdout: the packages that the groups in "$@" still need, one a line.
missing() {
    local group packages how names name present
    present=$(table | awk '$3 == "header" { print $4 }' | present_headers || true)
    table | while read -r group packages how names; do
        [[ " $* " == *" $group "* ]] || continue
        case $how in
        header) grep -qxF "$names" <<<"$present" && continue ;;
        command)
            for name in $names; do
                [ -n "$(PATH=$PATH:/usr/sbin type -P "$name")" ] && continue 2
            done
            ;;
        module) "$HWDR_PYTHON" -c "import importlib.util, sys
sys.exit(importlib.util.find_spec('$names') is None)" 2>/dev/null && continue ;;
        esac
        tr , '\n' <<<"$packages"
    done
}

say() {
    printf 'deps: %s\n' "$*"
}

run() {
    say "running: $*"
    "$@"
}

[ $# -gt 0 ] || set -- build test
for group; do
    case $group in build | serve | test | browser | arm | collections) ;; *)
        say "'$group' is not a group: build, serve, test, browser, arm, collections" >&2
        exit 2
        ;;
    esac
done

mapfile -t packages < <(missing "$@")
if [ ${#packages[@]} -eq 0 ]; then
    say "everything is there ($*)"
    exit 0
fi
say "missing: ${packages[*]}"

if [ -n "${NO_INSTALL:-}" ]; then
    say "NO_INSTALL is set: please install the Debian packages above, or what they hold" >&2
    exit 1
elif [ -z "$(type -P apt-get)" ]; then
    say "there is no apt-get here: please install what the Debian packages above hold" >&2
    exit 1
elif [ "$(id -u)" -eq 0 ]; then
    as_root=(env)
elif [ -n "$(type -P sudo)" ]; then
    as_root=(sudo env)
else
    say "neither root nor sudo: please have the packages above installed" >&2
    exit 1
fi

# A machine that has just started may be updating itself: wait for its lock. A mirror may hiccup,
# or its lists be older than its packages: try twice.
apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
run "${apt[@]}" update || run "${apt[@]}" update || say "the lists could not be refreshed" >&2
install=("${apt[@]}" install -y --no-install-recommends "${packages[@]}")
run "${install[@]}" || { run "${apt[@]}" update && run "${install[@]}"; }

# Debian's package starts a server of its own on port 80, which nobody asked for.
if [[ " ${packages[*]} " == *" lighttpd "* ]] && [ -d /run/systemd/system ]; then
    run "${as_root[@]}" systemctl disable --now lighttpd || true
fi

mapfile -t packages < <(missing "$@")
if [ ${#packages[@]} -gt 0 ]; then
    say "still missing after the installation: ${packages[*]}" >&2
    exit 1
fi
say "installed; everything is there ($*)"
