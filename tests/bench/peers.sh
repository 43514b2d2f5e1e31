#!/usr/bin/env bash
# The peers that `make bench` measures us against, in a Python environment of their own: 3 GB, of
# which 1 GB is fetched from PyPI. Needs python3-venv; torch.compile also needs g++ and python3-dev.
#
#   tests/bench/peers.sh [FOLDER]     default: build/peers
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-build/peers}
: "${HWDR_PYTHON:=/usr/bin/python3}"

[ -x "$folder/bin/pip" ] || "$HWDR_PYTHON" -m venv "$folder"
pip=("$folder/bin/pip" --disable-pip-version-check install --quiet --no-deps)
"${pip[@]}" -r tests/bench/peers.txt

# PyTorch's package for Linux is the one for CUDA, whose libraries are gigabytes that a CPU never
# calls. In their place goes one library that has their names and stops whoever calls one.
torch=$(echo "$folder"/lib/python3*/site-packages/torch/lib)
cudart=$(echo "$folder"/lib/python3*/site-packages/nvidia/cu*/lib/libcudart.so.*)
ln -sf "$(realpath "$cudart")" "$torch/"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readelf -d "$torch"/*.so | sed -n 's/.*NEEDED.*\[\(lib\(cu\|n\).*\)\]/\1/p' | sort -u |
    grep -v '^libcudart' > "$work/names"
# "symbol@version" that nothing on this machine defines; a few carry no version.
nm -D --undefined-only "$torch"/*.so | awk '{ print $2 }' | sort -u |
    grep -E '@(lib(cu|n)|NVSHMEM)|^(cu|nccl|nvshmem)[A-Za-z0-9_]*$' | grep -v '@libcudart' |
    sed 's/@@*/ /' > "$work/symbols"
awk '{ print "void " $1 "(void) { __builtin_trap(); }" }' "$work/symbols" | sort -u > "$work/none.c"
awk 'NF == 2 { in_version[$2] = in_version[$2] " " $1 ";" }
    END { for (v in in_version) print v " {" in_version[v] " };" }' \
    "$work/symbols" > "$work/versions"
cc -w -fno-builtin -shared -o "$torch/no-cuda.so" "$work/none.c" \
    -Wl,--version-script="$work/versions"
while read -r name; do
    ln -sf no-cuda.so "$torch/$name"
done < "$work/names"

for module in onnx onnxruntime tensorflow torch; do
    "$folder/bin/python" -c "import $module as m; print('$module', m.__version__)" 2> "$work/log" ||
        { cat "$work/log" >&2; exit 1; }
done
