#!/usr/bin/env bash
# Serve the page and its predictor on this machine until Ctrl-C.
#
#   PORT=5000 pipelines/serve.sh [fastcgi|cgi|busybox]
#
# fastcgi  lighttpd, and predictors that stay; one a processor, at least two
# cgi      lighttpd, and a predictor started for each request
# busybox  busybox httpd, the same page and the same program as CGI
#
# Corrected drawings go to $HWDR_CORRECTIONS (build/corrections/corrections.npys).
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin
: "${BUILD:=build}" "${PORT:=5000}" "${HWDR_MODEL:=model/digits.safetensors}"
: "${HWDR_CORRECTIONS:=$BUILD/corrections/corrections.npys}"
gateway=${1:-fastcgi}
set --

fail() {
    printf 'serve: %s\n' "$*" >&2
    exit 2
}

case $gateway in
fastcgi | cgi | busybox) ;;
*) fail "'$gateway': there are fastcgi, cgi and busybox" ;;
esac
[[ $PORT =~ ^[1-9][0-9]{0,4}$ && $PORT -le 65535 ]] || fail "PORT: '$PORT' is not a port"
[ -r "$HWDR_MODEL" ] || fail "$HWDR_MODEL: there is no model; train one, or name it in HWDR_MODEL"
if (: <>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
    fail "port $PORT is taken by another program (on macOS, 5000 is AirPlay's): try PORT=5001"
fi

# All that is served lies in one private folder. The server of root's becomes someone without
# rights, who may not see this checkout (in /root, say), so it gets copies; else links will do, and
# an edited page needs but a reload.
root=$(mktemp -d "${TMPDIR:-/tmp}/hwdr-serve.XXXXXX")
server=
finish() {
    trap - EXIT
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$root"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

user=nobody
! getent passwd www-data >/dev/null || user=www-data
if [ "$EUID" -eq 0 ]; then
    link() { cp -rL "$@"; }
else
    link() { ln -s "${@:1:$#-1}" "${@:$#}"; }
fi
mkdir "$root/page" "$root/page/data" "$root/run" "$root/uploads"
link "$PWD"/web/*.{html,css,js,svg} "$root/page/"
for file in "$PWD/$BUILD"/web/*.{tsv,idx}; do
    [ ! -e "$file" ] || link "$file" "$root/page/data/"
done
link "$(realpath "$BUILD/web-predict")" "$root/web-predict"
link "$(realpath "$HWDR_MODEL")" "$root/model"

# The file is opened here, and found by whoever serves through this descriptor, whatever the rights
# of the folders above it.
mkdir -p "$(dirname "$HWDR_CORRECTIONS")"
(umask 077 && : >>"$HWDR_CORRECTIONS") || fail "$HWDR_CORRECTIONS: corrections cannot be kept there"
exec 9<>"$HWDR_CORRECTIONS"
if [ "$EUID" -eq 0 ]; then
    chown -R "$user:" "$root"
    chown "$user" "$HWDR_CORRECTIONS"
fi

export PORT HWDR_ROOT=$root HWDR_GATEWAY=$gateway HWDR_USER=$user HWDR_PROCESSES
export HWDR_MODEL=$root/model HWDR_CORRECTIONS=/proc/self/fd/9
HWDR_PROCESSES=$(nproc)
[ "$HWDR_PROCESSES" -ge 2 ] || HWDR_PROCESSES=2

if [ "$gateway" = busybox ]; then
    mkdir "$root/page/cgi-bin"
    for name in predict model correct; do
        ln -s ../../web-predict "$root/page/cgi-bin/$name"
    done
    sed -i 's|\(<meta name="api" content="\)"|\1cgi-bin/"|' "$root/page/index.html"
    printf '%s\n' .js:text/javascript .tsv:text/tab-separated-values >"$root/httpd.conf"
    [ "$EUID" -ne 0 ] || set -- -u "$user"
    busybox httpd -f -p "127.0.0.1:$PORT" "$@" -h "$root/page" -c "$root/httpd.conf" &
else
    lighttpd -D -f web/lighttpd.conf &
fi
server=$!

for _ in {1..50}; do
    kill -0 "$server" 2>/dev/null || break
    if (: <>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
        echo "Draw a digit: http://localhost:$PORT   (Ctrl-C ends it)"
        break
    fi
    sleep 0.1
done
wait "$server" || fail "the server ended; what it said is above"
