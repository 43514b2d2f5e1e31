#!/usr/bin/env bash
# The page's server under load and under attack, on loopback; as a table, and in build/web.tsv.
#
#   REQUESTS=100000 HOSTILE=10000 SECONDS_EACH=10 ROUNDS=3 tests/bench/web.sh
#
# - requests a second and 99th percentile at 32 connections (wrk), FastCGI; beside it Flask with
#   ONNX Runtime under gunicorn (tests/bench/flask_peer.py), the two by turns; and where the
#   processors' time goes, in microseconds a request
# - memory of the predictors before and after REQUESTS requests
# - median time of a request by plain CGI
# - HOSTILE hostile requests
#
# Both get tests/bench/drawing.png, a 2 as the page sends it (tests/browser/draw.mjs sees to that).
# Needs wrk, and for the peer python3 -m venv; its packages go to build/peers/flask.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${BUILD:=build}" "${REQUESTS:=100000}" "${HOSTILE:=10000}" "${SECONDS_EACH:=10}" "${ROUNDS:=3}"
: "${HWDR_MODEL:=model/digits.safetensors}" "${PORT:=5090}"
HWDR_MODEL=$(realpath "$HWDR_MODEL")
export BUILD HWDR_MODEL LC_ALL=C
work=$(mktemp -d)
export HWDR_CORRECTIONS=$work/corrections
servers=()
finish() {
    trap - EXIT
    for server in "${servers[@]}"; do kill "$server" && wait "$server"; done 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
[ -n "$(type -P wrk)" ] || { echo "web: wrk is missing (Debian package wrk)" >&2; exit 1; }

cat >"$work/post.lua" <<'END'
local file = io.open(os.getenv("DRAWING"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = "image/png"
END
export DRAWING=tests/bench/drawing.png

row() { printf '%-44s %12s  %s\n' "$1" "$2" "$3" | tee -a "$work/table"; }

open_port() { # PORT
    for _ in {1..300}; do
        (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    echo "web: nothing listens on port $1" >&2
    return 1
}

start() { # GATEWAY PORT
    PORT=$2 pipelines/serve.sh "$1" >"$work/$1.log" 2>&1 &
    servers+=($!)
    open_port "$2"
    until grep -q http: "$work/$1.log"; do sleep 0.1; done
}

family() { # PID: it and all below it
    echo "$1"
    local child
    for child in $(pgrep -P "$1"); do family "$child"; done
}

ticks() { # PID: each program's name and processor time so far, in 1/100 s
    family "$1" | while read -r id; do
        awk -F '[() ]+' '{ print $2, $14 + $15 }' "/proc/$id/stat"
    done
}

load() { # NAME PORT SECONDS PID: appends requests a second, p99 in ms, requests, and what the
    # server's programs and wrk took of the processors, in microseconds a request
    local TIMEFORMAT='wrk %U %S'
    ticks "$4" >"$work/ticks"
    { time wrk -t 1 -c 32 -d "$3s" --latency --timeout 10s -s "$work/post.lua" \
        "http://localhost:$2/predict" >"$work/wrk" 2>&1; } 2>"$work/time"
    ticks "$4" >"$work/more-ticks"
    if grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2; then return 1; fi
    awk 'FILENAME ~ /wrk$/ && $1 == "99%" {
            p = $2; t = p + 0; if (p ~ /us$/) t /= 1000; else if (p !~ /ms$/) t *= 1000 }
        $1 == "Requests/sec:" { r = $2 }
        $2 == "requests" { n = $1 }
        FILENAME ~ /\/ticks$/ { took[$1] -= $2 }
        FILENAME ~ /more-ticks$/ { took[$1] += $2 }
        $1 == "wrk" { took["wrk"] = ($2 + $3) * 100 }
        END {
            printf "%s %s %s", r, t, n
            for (name in took) if (took[name]) printf " %s %.0f", name, took[name] * 1e4 / n
            print "" }' "$work/wrk" "$work/ticks" "$work/more-ticks" "$work/time" >>"$work/$1"
}

median() { # FILE COLUMN
    sort -g -k "$2,$2" "$1" | awk -v c="$2" '{ x[NR] = $c } END { print x[int((NR + 1) / 2)] }'
}

shares() { # FastCGI or Flask: what each program took, in the last round
    awk -v of="$1" 'END { for (i = 4; i < NF; i += 2) print of, $i, $(i + 1) }' \
        "$work/${1,,}-load" | while read -r of name us; do
        row "  of the processors, $of: $name" "$us" "us a request"
    done
}

memory() { # KB of the FastCGI predictors, the largest
    pgrep -f "^$folder/web-predict" | while read -r id; do
        awk '$1 == "VmRSS:" { print $2 }' "/proc/$id/status"
    done | sort -n | tail -n 1
}

start fastcgi "$PORT"
folder=$(tr '\0' '\n' <"/proc/$(pgrep -P "${servers[0]}" | head -n 1)/environ" |
    sed -n 's/^HWDR_ROOT=//p')

peer=build/peers/flask
if [ ! -x $peer/bin/gunicorn ]; then
    python3 -m venv $peer &&
        $peer/bin/pip install -q flask gunicorn numpy pillow onnx onnxruntime ||
        echo "web: no peer: its packages cannot be installed" >&2
fi
if [ -x $peer/bin/gunicorn ]; then
    # As gunicorn's documentation advises: two workers a processor and one more.
    PYTHONDONTWRITEBYTECODE=1 $peer/bin/gunicorn --chdir tests/bench -w $((2 * $(nproc) + 1)) \
        -b "127.0.0.1:$((PORT + 1))" flask_peer:app >"$work/peer.log" 2>&1 &
    servers+=($!)
    open_port $((PORT + 1)) || { cat "$work/peer.log" >&2; exit 1; }
    until curl -sf --data-binary "@$DRAWING" -H 'Content-Type: image/png' -o "$work/answer" \
        "http://localhost:$((PORT + 1))/predict"; do sleep 0.5; done
fi

load warm "$PORT" 1 "${servers[0]}"
for ((round = 0; round < ROUNDS; round++)); do
    load fastcgi-load "$PORT" "$SECONDS_EACH" "${servers[0]}"
    [ ! -x $peer/bin/gunicorn ] ||
        load flask-load $((PORT + 1)) "$SECONDS_EACH" "${servers[1]}"
done
row "FastCGI, 32 connections" "$(median "$work/fastcgi-load" 1)" "requests/s"
row "FastCGI, 99th percentile" "$(median "$work/fastcgi-load" 2)" ms
shares FastCGI
if [ -x $peer/bin/gunicorn ]; then
    row "Flask, 32 connections" "$(median "$work/flask-load" 1)" "requests/s"
    row "Flask, 99th percentile" "$(median "$work/flask-load" 2)" ms
    shares Flask
    row "requests, FastCGI / Flask" "$(awk -v a="$(median "$work/fastcgi-load" 1)" \
        -v b="$(median "$work/flask-load" 1)" 'BEGIN { printf "%.1f", a / b }')" "(aim: 10 or more)"
    row "99th percentile, FastCGI / Flask" "$(awk -v a="$(median "$work/fastcgi-load" 2)" \
        -v b="$(median "$work/flask-load" 2)" 'BEGIN { printf "%.3f", a / b }')" \
        "(aim: 0.2 or less)"
    kill "${servers[1]}" && { wait "${servers[1]}" || true; }
fi

memory >"$work/before"
done_so_far=0
while [ "$done_so_far" -lt "$REQUESTS" ]; do
    : >"$work/more"
    load more "$PORT" 5 "${servers[0]}"
    done_so_far=$((done_so_far + $(awk '{ print $3 }' "$work/more")))
done
row "memory of a predictor before" "$(cat "$work/before")" KB
row "  after $done_so_far requests more" "$(memory)" KB

if [ -x "$BUILD/bench/answer" ]; then
    "$BUILD/bench/answer" "$DRAWING" "$HWDR_MODEL" | while IFS=$'\t' read -r part us; do
        row "of an answer: $part" "$us" us
    done
fi

start cgi $((PORT + 2))
for ((i = 0; i < 101; i++)); do
    curl -s -o "$work/answer" -w '%{time_total}\n' --data-binary "@$DRAWING" \
        -H 'Content-Type: image/png' "http://localhost:$((PORT + 2))/predict"
done | awk '{ print 1000 * $1 }' >"$work/cgi-times"
row "plain CGI, median of 101" "$(median "$work/cgi-times" 1)" "ms (aim: 10 or less)"

python3 tests/bench/hostile.py "http://localhost:$PORT" "$DRAWING" "$HOSTILE" "$folder"
sed -E 's/ {2,}/\t/g' "$work/table" >build/web.tsv
