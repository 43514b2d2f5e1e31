# The page's server: every status, the same answers by FastCGI, CGI and busybox, corrections.

bats_require_minimum_version 1.5.0

# GATEWAY: serve on a free port; sets url and server.
start() {
    port=$(/usr/bin/python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    PORT=$port pipelines/serve.sh "$1" > "$BATS_FILE_TMPDIR/$1.log" 2>&1 3>&- &
    server=$!
    url=http://localhost:$port
    timeout 20 bash -c "until grep -q http: '$BATS_FILE_TMPDIR/$1.log'; do sleep 0.05; done" ||
        { cat "$BATS_FILE_TMPDIR/$1.log"; return 1; }
    # Its private folder: not in ours, which www-data may not enter when root runs the tests.
    folder=
    for ((i = 0; i < 400; i++)); do # lighttpd may be about to begin
        for child in $(pgrep -P "$server"); do
            folder=$(tr '\0' '\n' < "/proc/$child/environ" | sed -n 's/^HWDR_ROOT=//p') || true
            [ -z "$folder" ] || return 0
        done 2> /dev/null
        sleep 0.05
    done
    return 1
}

setup_file() {
    BUILD=${BUILD:-build}
    export HWDR_CORRECTIONS=$BATS_FILE_TMPDIR/corrections BUILD
    start fastcgi
    export url server folder first=$server
    idx2bin -r :1 data/mnist/t10k-images-idx3-ubyte |
        bin2png --columns 1 > "$BATS_FILE_TMPDIR/7.png"
    gnuplot -e "out = '$BATS_FILE_TMPDIR/2.png'" plots/drawing.gp
}

teardown_file() {
    kill "$server"
    wait "$server" || true
}

setup() {
    drawing=$BATS_FILE_TMPDIR/2.png
    body=$BATS_TEST_TMPDIR/body
    head=$BATS_TEST_TMPDIR/head
}

teardown() { # of what a test has started and not ended
    [ "$server" = "$first" ] || ! kill "$server" 2>/dev/null || wait "$server" || true
}

# STATUS CURL-ARGUMENT...: the request is answered with it; its body and headers are kept.
answers() {
    local expected=$1 got
    shift
    got=$(curl -sS --max-time 20 -o "$body" -D "$head" -w '%{http_code}' "$@")
    [ "$got" = "$expected" ] || { echo "status $got, not $expected"; cat "$body"; return 1; }
}

post() { # STATUS FILE PATH CURL-ARGUMENT...
    answers "$1" --data-binary "@$2" -H 'Content-Type: image/png' "$url/$3" "${@:4}"
}

# Python's assertion on the JSON `d` of the last answer.
json() {
    python3 -c "import base64, json, sys
d = json.load(open('$body'))
assert ($1), d"
}

error() { # TEXT: the answer is a JSON error that has it
    grep -qi '^Content-Type: application/json' "$head"
    json "list(d) == ['error'] and '$1' in d['error']"
}

# The program itself as CGI: NAME=VALUE... set or replace variables; the body is stdin.
cgi() {
    env -i HWDR_MODEL=model/digits.safetensors HWDR_CORRECTIONS="$HWDR_CORRECTIONS.cgi" \
        GATEWAY_INTERFACE=CGI/1.1 HTTP_HOST=localhost REQUEST_METHOD=POST SCRIPT_NAME=/predict \
        CONTENT_TYPE=image/png "$@" "$BUILD/web-predict"
}

@test "a drawing is read" {
    post 200 "$drawing" predict
    json "d['text'] == '2' and len(d['digits']) == 1 and 'input' not in d['digits'][0]"
    json "abs(sum(d['digits'][0]['probabilities']) - 1) < 1e-4 and list(d) == ['text', 'digits']"
    [ "$(tail -c 1 "$body" | od -An -tx1 | tr -d ' ')" = 0a ]
}

@test "the answer is that of cnn-predict --json" {
    post 200 "$drawing" 'predict?input=1'
    cnn-predict --json --input "$drawing" | cmp - "$body"
    json "len(d['digits'][0]['input']) == 784 and max(d['digits'][0]['input']) == 255"
}

@test "layers have the shapes of the network, and end in logits" {
    post 200 "$drawing" 'predict?layers=1'
    json "all(len(base64.b64decode(l['data'])) == l['shape'][0] * l['shape'][1] * l['shape'][2]
        for l in d['layers'])"
    json "d['layers'][-1]['shape'] == [10, 1, 1]"
    json "(lambda b: b.index(max(b)))(base64.b64decode(d['layers'][-1]['data'])) == 2"
    json "all(max(base64.b64decode(l['data'])) == 255 for l in d['layers'])"
}

@test "the occlusion map is 0 where there is no ink, and is what erasing by hand gives" {
    post 200 "$drawing" 'predict?input=1&occlusion=1'
    json "d['occlusion']['size'] == 28 and d['occlusion']['patch'] == 5"
    json "len(d['occlusion']['data']) == 784 and d['occlusion']['data'][0] == 0"
    "$HWDR_PYTHON" - "$body" > "$BATS_TEST_TMPDIR/erased" <<'END'
import json, sys
sys.path.insert(0, "lib")
import numpy, npystream
d = json.load(open(sys.argv[1]))
x = numpy.array(d["digits"][0]["input"], "u1").reshape(28, 28)
erased = numpy.repeat(x[None], 2, 0)
erased[1, 10:15, 8:13] = 0
npystream.write_stream(sys.stdout.buffer, erased)
END
    cnn-predict --scores "$BATS_TEST_TMPDIR/erased" > "$BATS_TEST_TMPDIR/scores"
    "$HWDR_PYTHON" - "$body" "$BATS_TEST_TMPDIR/scores" <<'END'
import json, sys
sys.path.insert(0, "lib")
import npystream
d = json.load(open(sys.argv[1]))
p = next(npystream.read_scores(open(sys.argv[2], "rb")))[:, 2]
drop = d["occlusion"]["data"][12 * 28 + 10]
assert abs(drop - (p[0] - p[1])) < 1e-4, (drop, p)
END
}

@test "a blank picture has no digit, no layers and no map" {
    python3 tests/cli/make_png.py white "$BATS_TEST_TMPDIR/blank.png"
    post 200 "$BATS_TEST_TMPDIR/blank.png" 'predict?layers=1&occlusion=1'
    json "d == {'text': '', 'digits': []}"
    post 400 "$BATS_TEST_TMPDIR/blank.png" 'correct?label=1' -H 'X-Consent: yes'
    error blank
}

@test "a picture that is no good PNG is 400, and why" {
    echo text > "$BATS_TEST_TMPDIR/text"
    post 400 "$BATS_TEST_TMPDIR/text" predict
    error 'not a PNG'
    : > "$BATS_TEST_TMPDIR/empty"
    post 400 "$BATS_TEST_TMPDIR/empty" predict
    error 'empty'
    for kind in cut:'cut short' badcrc:'corrupt PNG' huge:'60000x60000' wide:'8193x1'; do
        python3 tests/cli/make_png.py "${kind%%:*}" "$BATS_TEST_TMPDIR/bad.png"
        post 400 "$BATS_TEST_TMPDIR/bad.png" predict
        error "${kind#*:}"
    done
}

@test "a query that is not known is 400" {
    post 400 "$drawing" 'predict?input=2'
    error 'query'
    post 400 "$drawing" 'predict?label=2'
    error 'query'
    post 400 "$drawing" 'correct?label=12' -H 'X-Consent: yes'
    error 'query'
    post 400 "$drawing" 'correct' -H 'X-Consent: yes'
    error 'label=D is missing'
    answers 400 "$url/model?x=1"
    error 'query'
}

@test "another method is 405 and told which are allowed" {
    for method in GET PUT DELETE PATCH; do
        answers 405 -X "$method" "$url/predict"
        error 'method'
        grep -qi '^Allow: POST' "$head"
    done
    answers 405 --head "$url/predict"
    answers 405 -X PUT -d x "$url/model"
    grep -qi '^Allow: GET, HEAD' "$head"
}

@test "too large is 413, also far too large; wrong type is 415" {
    head -c 4194305 /dev/zero > "$BATS_TEST_TMPDIR/large"
    post 413 "$BATS_TEST_TMPDIR/large" predict
    error '4 MiB'
    head -c 4194304 /dev/zero > "$BATS_TEST_TMPDIR/allowed"
    post 400 "$BATS_TEST_TMPDIR/allowed" predict
    error 'not a PNG'
    truncate -s 20M "$BATS_TEST_TMPDIR/large"
    post 413 "$BATS_TEST_TMPDIR/large" predict
    answers 415 --data-binary "@$drawing" "$url/predict"
    error 'image/png'
    answers 415 --data-binary "@$drawing" -H 'Content-Type: image/pngx' "$url/predict"
    answers 200 --data-binary "@$drawing" -H 'content-type: Image/PNG; a=b' "$url/predict"
}

@test "as CGI: 411 without a length, 400 with a wrong one" {
    run -0 cgi < "$drawing"
    [[ $output == "Status: 411 "* ]]
    run -0 cgi CONTENT_LENGTH= < "$drawing"
    [[ $output == "Status: 411 "* ]]
    for length in -1 1e3 ' 5' 99999999999999999999999 4194305; do
        run -0 cgi CONTENT_LENGTH="$length" < "$drawing"
        [[ $output == "Status: 4"[01]* && $output != *"Status: 411"* ]]
    done
    run -0 cgi CONTENT_LENGTH=1000000 < "$drawing"
    [[ $output == "Status: 400 "*"shorter than Content-Length"* ]]
}

@test "as CGI: a model that is missing is 500, and the log says why" {
    run -0 --separate-stderr cgi HWDR_MODEL=missing CONTENT_LENGTH=3 <<< abc
    [[ $output == "Status: 500 "*'{"error": "the model cannot be loaded"}' ]]
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == "web-predict: missing: cannot open: "* ]]
}

@test "started by hand it says who should start it" {
    run -2 "$BUILD/web-predict" < /dev/null
    [[ $output == "web-predict: is started by a web server"* ]]
}

@test "GET model is the model's card, with the first filters" {
    answers 200 "$url/model"
    json "d['metadata']['net'] == d['net'] and d['parameters'] > 0 and d['macs'] > 0"
    json "len(d['filters']['data']) ==
        d['filters']['shape'][0] * d['filters']['shape'][1] * d['filters']['shape'][2]"
    length=$(stat -c %s "$body")
    answers 200 --head "$url/model"
    grep -qi "^Content-Length: $length" "$head"
}

@test "another Host is refused, on the page and on the predictor" {
    for host in evil.example localhost.evil.example evil.example:5000 '127.0.0.1.evil.example'; do
        answers 403 -H "Host: $host" "$url/"
        answers 403 -H "Host: $host" "$url/model"
        error Host
    done
    for host in localhost LOCALHOST:80 127.0.0.1:1234 '[::1]' '[::1]:5000'; do
        answers 200 -H "Host: $host" "$url/"
        answers 200 -H "Host: $host" "$url/model"
    done
}

@test "nothing but the page's files and data is served" {
    answers 200 "$url/"
    answers 200 "$url/index.html"
    answers 200 "$url/data/report.tsv"
    for path in predict.c SERVER.md lighttpd.conf .git/config data/ web-predict ../run/predict-0 \
        data/../../model %2e%2e/model ..%2fmodel '..;/model' /etc/passwd page.css%00.html; do
        status=$(curl -s --path-as-is -o "$body" -w '%{http_code}' "$url/$path")
        echo "$path: $status"
        [[ $status == 40[034] ]]
    done
    status=$(curl -s -X PUT -d x -o /dev/null -w '%{http_code}' "$url/new.html")
    [ "$status" -eq 403 ]
}

@test "every answer has the strict policy, and none a CORS header" {
    for path in '' main.js missing.js predict model data/report.tsv; do
        curl -s -o /dev/null -D "$head" -H 'Origin: http://evil.example' "$url/$path"
        grep -qi "^Content-Security-Policy: default-src 'none'; " "$head"
        grep -qi '^X-Content-Type-Options: nosniff' "$head"
        run ! grep -qi '^Access-Control' "$head"
    done
    curl -s -o /dev/null -D "$head" -X OPTIONS -H 'Origin: http://evil.example' \
        -H 'Access-Control-Request-Method: POST' "$url/correct"
    run ! grep -qi '^Access-Control' "$head"
}

@test "a drawing is kept with consent alone, and the file is a sample stream" {
    post 403 "$drawing" 'correct?label=2'
    error consent
    post 403 "$drawing" 'correct?label=2' -H 'X-Consent: no'
    post 200 "$drawing" 'correct?label=2' -H 'X-Consent: yes'
    json "d == {'stored': 1}"
    post 200 "$BATS_FILE_TMPDIR/7.png" 'correct?label=7' -H 'X-Consent: yes'
    json "d == {'stored': 2}"
    run -0 cnn-predict "$HWDR_CORRECTIONS"
    [[ ${lines[0]} == $'0\t2\t'* && ${lines[1]} == $'1\t7\t'* ]]
    cnn-eval < "$HWDR_CORRECTIONS" | grep -qx $'samples\t2'
}

@test "corrections from several processes at once are all kept; a cut one is overwritten" {
    export file=$BATS_TEST_TMPDIR/kept
    export size
    size=$(stat -c %s "$drawing")
    export drawing
    one() {
        env -i HWDR_MODEL=model/digits.safetensors HWDR_CORRECTIONS="$file" HTTP_HOST=localhost \
            REQUEST_METHOD=POST SCRIPT_NAME=/correct QUERY_STRING=label="$1" HTTP_X_CONSENT=yes \
            CONTENT_TYPE=image/png CONTENT_LENGTH="$size" "$BUILD/web-predict" < "$drawing" |
            tail -n 1
    }
    export -f one
    # shellcheck disable=SC2016 # the inner bash is to expand it
    seq 0 29 | xargs -P 4 -I{} bash -c 'one $(({} % 10))' > "$BATS_TEST_TMPDIR/answers"
    [ "$(sort -u "$BATS_TEST_TMPDIR/answers" | wc -l)" -eq 30 ]
    cnn-eval < "$file" | grep -qx $'samples\t30'
    truncate -s -500 "$file" # as a crash in the middle would leave it: the 30th is cut
    run -0 one 5
    [ "$output" = '{"stored": 30}' ]
    cnn-eval < "$file" | grep -qx $'samples\t30'
    [ "$(stat -c %a "$file")" = 600 ]
    # Where another process holds the lock, one waits, and writes nothing.
    run -124 flock "$file" timeout 2 bash -c 'one 5'
    cnn-eval < "$file" | grep -qx $'samples\t30'
}

@test "10,000 corrections are kept and no more; another file is left alone" {
    size=$(stat -c %s "$drawing")
    more() {
        cgi SCRIPT_NAME=/correct QUERY_STRING=label=2 HTTP_X_CONSENT=yes CONTENT_LENGTH="$size" \
            HWDR_CORRECTIONS="$1" < "$drawing"
    }
    run -0 more "$BATS_TEST_TMPDIR/kept"
    truncate -s $((9999 * 1041 + 128)) "$BATS_TEST_TMPDIR/kept"
    run -0 more "$BATS_TEST_TMPDIR/kept"
    [[ $output == "Status: 200 "*'{"stored": 10000}' ]]
    run -0 more "$BATS_TEST_TMPDIR/kept"
    [[ $output == "Status: 507 "* ]]
    [ "$(stat -c %s "$BATS_TEST_TMPDIR/kept")" -eq $((10000 * 1041 + 128)) ]
    cp README.md "$BATS_TEST_TMPDIR/other"
    run -0 --separate-stderr more "$BATS_TEST_TMPDIR/other"
    [[ $output == "Status: 500 "* && $output != *"$BATS_TEST_TMPDIR"* ]]
    cmp README.md "$BATS_TEST_TMPDIR/other"
}

@test "FastCGI, CGI and busybox httpd give the same bytes" {
    post 200 "$drawing" 'predict?input=1&layers=1&occlusion=1'
    cp "$body" "$BATS_TEST_TMPDIR/fastcgi"
    for gateway in cgi busybox; do
        base=predict
        [ "$gateway" = cgi ] || base=cgi-bin/predict
        start "$gateway"
        post 200 "$drawing" "$base?input=1&layers=1&occlusion=1"
        cp "$body" "$BATS_TEST_TMPDIR/$gateway"
        post 400 tests/cli/web.bats "$base"
        error 'not a PNG'
        answers 403 -H 'Host: evil.example' "$url/${base%predict}model"
        answers 200 "$url/${base%predict}model"
        answers 200 "$url/index.html"
        [ "$gateway" = cgi ] || grep -q '<meta name="api" content="cgi-bin/">' "$body"
        kill "$server"
        wait "$server" || true
        cmp "$BATS_TEST_TMPDIR/fastcgi" "$BATS_TEST_TMPDIR/$gateway"
    done
}

@test "a taken port is said so, with what to do" {
    PORT=${url##*:} run -2 pipelines/serve.sh
    [[ $output == *"is taken"*AirPlay*PORT=* ]]
    PORT=70000 run -2 pipelines/serve.sh
    HWDR_MODEL=missing PORT=1 run -2 pipelines/serve.sh
    [[ $output == *"missing: there is no model"* ]]
}

@test "the server is not root, and nothing of it is left when it ends" {
    start fastcgi
    for ((i = 0; i < 400; i++)); do # one socket a process, once they have begun
        [ "$(find "$folder/run" -type s | wc -l)" -lt 2 ] || break
        sleep 0.05
    done
    [ "$(find "$folder/run" -type s | wc -l)" -ge 2 ]
    run ! pgrep -U 0 -f "$folder/web-predict"
    pgrep -f "$folder/web-predict"
    kill "$server"
    wait "$server" || true
    [ ! -e "$folder" ]
    run ! pgrep -f "$folder/"
}

@test "three hundred hostile requests leave it answering, no larger, and nothing written" {
    timeout 120 python3 tests/bench/hostile.py "$url" "$drawing" 300 "$folder"
}

@test "three hundred bodies that do not come keep nobody out, and are given up" {
    python3 - "${url##*:}" "$drawing" <<'END'
import http.client, socket, sys
port = int(sys.argv[1])
with open(sys.argv[2], "rb") as f:
    drawing = f.read()
slow = []
for i in range(300):
    s = socket.create_connection(("127.0.0.1", port), timeout=20)
    s.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
              b"Content-Length: 5000\r\n\r\n" + drawing[:100])
    slow.append(s)
good = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
good.request("POST", "/predict", drawing, {"Content-Type": "image/png"})
assert good.getresponse().read().startswith(b'{"text": "2"')
assert not slow[0].recv(1000).startswith(b"HTTP/1.1 200"), "answered without its body"
END
}

@test "fine-tuning learns what drawings were corrected to, and keeps MNIST" {
    : > "$BATS_TEST_TMPDIR/none"
    HWDR_CORRECTIONS=$BATS_TEST_TMPDIR/none run -2 pipelines/fine-tune.sh
    [[ $output == *"no corrections yet"* ]]
    export HWDR_CORRECTIONS=$BATS_TEST_TMPDIR/kept
    size=$(stat -c %s "$drawing")
    for i in 1 2 3; do # someone whose 7 looks like this 2
        cgi HWDR_CORRECTIONS="$HWDR_CORRECTIONS" SCRIPT_NAME=/correct QUERY_STRING=label=7 \
            HTTP_X_CONSENT=yes CONTENT_LENGTH="$size" < "$drawing" | grep -q "\"stored\": $i"
    done
    OUT=$BATS_TEST_TMPDIR/tuned.safetensors run -0 --separate-stderr pipelines/fine-tune.sh
    echo "$output"
    [[ ${lines[0]} == "corrected drawings, before  0.00 % of 3" ]]
    [[ ${lines[1]} == *"after   100.00 % of 3" ]]
    awk '/before/ { b = $(NF - 3) } /after/ { a = $(NF - 3) } END { exit !(b > 97 && a > b - 1) }' \
        <<< "$output"
}
