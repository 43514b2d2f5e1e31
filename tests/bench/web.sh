#!/usr/bin/env bash
# The page's server under load and under attack, on loopback; as a table, and in build/web.tsv.
#
#   REQUESTS=100000 HOSTILE=10000 SECONDS_EACH=10 ROUNDS=3 tests/bench/web.sh
#
# - requests a second and 99th percentile at 32 connections (wrk), FastCGI; beside it, by turns,
#   Flask with PyTorch and with ONNX Runtime (tests/bench/flask_peer.py), and FastCGI refusing a
#   body that is no PNG: what a request costs when its answer costs nothing; and where the
#   processors' time goes, in microseconds a request
# - memory of the predictors before and after REQUESTS requests
# - median time of a request by plain CGI
# - HOSTILE hostile requests
#
# All get tests/bench/drawing.png, a 2 as the page sends it (tests/browser/draw.mjs sees to that).
# Needs wrk, and for the peers nginx (Debian package nginx-light) and `make peers`.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin
: "${BUILD:=build}" "${REQUESTS:=100000}" "${HOSTILE:=10000}" "${SECONDS_EACH:=10}" "${ROUNDS:=3}"
: "${HWDR_MODEL:=model/digits.safetensors}" "${PORT:=5090}"
HWDR_MODEL=$(realpath "$HWDR_MODEL")
export BUILD HWDR_MODEL LC_ALL=C
work=$(mktemp -d)
chmod 711 "$work" # nginx of root's becomes nobody, and finds the peers' sockets there
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
    if [ "$1" != Refusal ] && grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2; then return 1; fi
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

report() { # NAME: one of those under load; beside it, where it is a peer, FastCGI's share
    row "$1, 32 connections" "$(median "$work/$1" 1)" "requests/s"
    row "$1, 99th percentile" "$(median "$work/$1" 2)" ms
    awk 'END { for (i = 4; i < NF; i += 2) print $i, $(i + 1) }' "$work/$1" |
        while read -r name us; do row "  of the processors: $name" "$us" "us a request"; done
    [[ $1 == Flask* ]] || return 0
    row "  requests, FastCGI / this" "$(awk -v a="$(median "$work/FastCGI" 1)" \
        -v b="$(median "$work/$1" 1)" 'BEGIN { printf "%.1f", a / b }')" "(aim: 10 or more)"
    row "  99th percentile, FastCGI / this" "$(awk -v a="$(median "$work/FastCGI" 2)" \
        -v b="$(median "$work/$1" 2)" 'BEGIN { printf "%.3f", a / b }')" "(aim: 0.2 or less)"
}

memory() { # KB of the FastCGI predictors, the largest
    pgrep -f "^$folder/web-predict" | while read -r id; do
        awk '$1 == "VmRSS:" { print $2 }' "/proc/$id/status"
    done | sort -n | tail -n 1
}

start fastcgi "$PORT"
folder=$(tr '\0' '\n' <"/proc/$(pgrep -P "${servers[0]}" | head -n 1)/environ" |
    sed -n 's/^HWDR_ROOT=//p')

# As gunicorn's documentation advises: two workers a processor and one more, behind nginx, which
# keeps the clients' connections, as lighttpd does for ours.
start_peer() { # NAME PORT VARIABLE...: appends to `peers` NAME PORT PID
    cat >"$work/$1.conf" <<END
daemon off;
pid $work/$1.pid;
error_log $work/$1.log;
events { accept_mutex off; }
http {
    access_log off;
    upstream app { server unix:$work/$1.sock fail_timeout=0; }
    server {
        listen 127.0.0.1:$2;
        location / {
            proxy_set_header Host \$http_host;
            proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
            proxy_redirect off;
            proxy_pass http://app;
        }
    }
}
END
    {
        env PYTHONDONTWRITEBYTECODE=1 "${@:3}" build/peers/bin/gunicorn --chdir tests/bench \
            -w $((2 * $(nproc) + 1)) -b "unix:$work/$1.sock" --no-control-socket flask_peer:app &
        trap 'kill $(jobs -p)' TERM
        nginx -e "$work/$1.log" -c "$work/$1.conf" &
        wait
        wait
    } >"$work/$1.out" 2>&1 &
    servers+=($!)
    for _ in {1..300}; do
        if curl -sf --data-binary "@$DRAWING" -o "$work/answer" "http://localhost:$2/predict"; then
            peers+=("$1 $2 $!")
            return
        fi
        sleep 0.1
    done
    cat "$work/$1.out" "$work/$1.log" >&2
    return 1
}

peers=()
if [ -x build/peers/bin/gunicorn ] && [ -n "$(type -P nginx)" ]; then
    "$BUILD/cnn-export" --to onnx -m "$HWDR_MODEL" >"$work/model.onnx"
    start_peer Flask-PyTorch $((PORT + 1))
    start_peer Flask-ONNX-Runtime $((PORT + 3)) HWDR_ONNX="$work/model.onnx"
else
    echo "web: no peers: they need make peers, and nginx" >&2
fi
head -c "$(stat -c %s $DRAWING)" /dev/zero >"$work/zeros"

load warm "$PORT" 1 "${servers[0]}"
for ((round = 0; round < ROUNDS; round++)); do
    load FastCGI "$PORT" "$SECONDS_EACH" "${servers[0]}"
    DRAWING=$work/zeros load Refusal "$PORT" "$SECONDS_EACH" "${servers[0]}"
    for peer in "${peers[@]}"; do
        read -r name port id <<<"$peer"
        [ "$round" -gt 0 ] || load warm "$port" 1 "$id"
        load "$name" "$port" "$SECONDS_EACH" "$id"
    done
done
report FastCGI
report Refusal
for peer in "${peers[@]}"; do
    read -r name _ id <<<"$peer"
    report "$name"
    kill "$id"
done

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
