# cnn-train: reproducible and resumable to the bit, constant memory, clear refusals.

bats_require_minimum_version 1.5.0

# 1,500 training and 300 test digits, a stream each.
setup_file() {
    local data=data/mnist
    idx2bin -r :1500 $data/train-images-idx3-ubyte $data/train-labels-idx1-ubyte \
        > "$BATS_FILE_TMPDIR/train.bin"
    idx2bin -r :300 $data/t10k-images-idx3-ubyte $data/t10k-labels-idx1-ubyte \
        > "$BATS_FILE_TMPDIR/val.bin"
}

setup() {
    export OMP_WAIT_POLICY=passive # the machine may be busy with other tests
    train=$BATS_FILE_TMPDIR/train.bin val=$BATS_FILE_TMPDIR/val.bin
    root=$PWD
    cd "$BATS_TEST_TMPDIR" || exit
    small=(--net 'c3x8 p4 drop0.1 d10' --batch 100)
}

# A stream goes through without its count record.
without_count() {
    local second # where the next record's magic, \x93NUMPY, is
    second=$(head -c 1000 "$train" | LC_ALL=C grep -abo NUMPY | sed -n '2s/:.*//p')
    head -c $((second - 1)) > count
    cat
}

# MESSAGE OPTION...: ends with status 2 and one line with MESSAGE, and leaves no model.
# shellcheck disable=SC2154 # run sets stderr
refused() {
    local message=$1
    shift
    run -2 --separate-stderr cnn-train -o refused.model "$@"
    echo "$stderr"
    [ "$(grep -c '^cnn-train: ' <<< "$stderr")" -eq 1 ]
    grep -qF -- "$message" <<< "$stderr"
    no_model refused.model
}

no_model() { # neither it nor a temporary file
    run -1 compgen -G "*$1*"
}

@test "threads and repetition do not change the model's bytes, another seed does" {
    cnn-train "${small[@]}" -t 1 -o one < "$train" > one.tsv
    cnn-train "${small[@]}" -t 2 -o two < "$train" > two.tsv
    cnn-train "${small[@]}" -t 2 -o again < "$train" > again.tsv
    cnn-train "${small[@]}" -t 2 -s 2 -o other < "$train" > other.tsv
    cmp one two
    cmp two again
    run ! cmp -s one other
    cut -f 1,2,4- one.tsv > one # all but the seconds
    cut -f 1,2,4- two.tsv > two
    cmp one two
}

@test "epochs reshuffle by the seed, and threads do not matter there either" {
    cnn-train "${small[@]}" -e 3 -t 1 -o one < "$train" > one.tsv
    cnn-train "${small[@]}" -e 3 -t 2 -o two < "$train" > two.tsv
    cnn-train "${small[@]}" -e 3 -s 2 -o other < "$train" > other.tsv
    cmp one two
    run ! cmp -s one other
    [ "$(tail -n 1 one.tsv | cut -f 1,2)" = "$(printf '3.000\t4500')" ]
    [ "$(wc -l < one.tsv)" -eq 4 ]
}

@test "the metrics are a table with a header, and the digits are learnt" {
    cnn-train -e 4 --net 'c3x16 p2 c3x16 p2 d10' -v "$val" -o model < "$train" > metrics 2> log
    [ "$(head -n 1 metrics)" = \
        "$(printf 'epoch\tsamples\tseconds\trate\tloss\taccuracy\tval_loss\tval_accuracy')" ]
    awk -F '\t' 'NF != 8 || (NR > 2 && $2 <= samples) { exit 1 } { samples = $2 }' metrics
    awk -F '\t' 'END { exit !($6 > 0.9 && $8 > 0.85 && $4 >= 0) }' metrics
    [ "$(grep -c '^epoch [0-9.]*: loss .*, accuracy .*, validation accuracy ' log)" -eq 4 ]
    [ "$(wc -l < log)" -eq 4 ]
}

@test "the card tells seed, recipe, validation and what --meta says" {
    cnn-train "${small[@]}" -s 5 --ema 0.9 -v "$val" -m who=me -m why=a=b -o model < "$train" > tsv
    head -c 4096 model | tr '\0' '\n' > card
    grep -aqF '"seed":"5"' card
    grep -aqE '"recipe":"cnn-train --net [^"]* --samples 1500 --batch 100 --seed 5 ' card
    grep -aqF -- '--ema 0.9"' card
    grep -aqE '"accuracy":"0\.[0-9]+ of 300 validation samples"' card
    grep -aqF '"who":"me"' card
    grep -aqF '"why":"a=b"' card
}

@test "--temperature goes into the model, and changes confidences alone" {
    cnn-train "${small[@]}" -o plain < "$train" > tsv
    cnn-train "${small[@]}" --temperature 0.5 -o sharp < "$train" > tsv
    head -c 4096 sharp | grep -aqF '"temperature":"0.5"'
    cnn-eval -m plain < "$val" > plain.tsv
    cnn-eval -m sharp < "$val" > sharp.tsv
    [ "$(sed -n 2p plain.tsv)" = "$(sed -n 2p sharp.tsv)" ]
    [ "$(sed -n 3p plain.tsv)" != "$(sed -n 3p sharp.tsv)" ]
    # what validation fits, given again without it, makes the same file but for what validation says
    cnn-train "${small[@]}" -v "$val" -o fitted < "$train" > tsv
    fitted=$(head -c 4096 fitted | grep -aoE '"temperature":"[^"]*' | cut -d '"' -f 4)
    cnn-train "${small[@]}" --temperature "$fitted" -o given < "$train" > tsv
    cmp <(cnn-predict --scores -m fitted < "$val") <(cnn-predict --scores -m given < "$val")
    refused "--val and --temperature exclude each other" --temperature 1 -v "$val" < "$train"
    refused "--temperature: '9' is not a number from 0.125 to 8" --temperature 9 < "$train"
}

@test "resuming over epochs gives the same bytes too, and without a checkpoint starts afresh" {
    cnn-train "${small[@]}" -e 3 --resume -c check -o whole < "$train" > whole.tsv
    rm check
    # Two epochs, after which SIGPIPE ends it; or all of them, where head is slow to go.
    cnn-train "${small[@]}" -e 3 -c check -o parts < "$train" | head -n 3 > parts.tsv || true
    [ -e check ]
    cnn-train "${small[@]}" -e 3 --resume -c check -o parts < "$train" >> parts.tsv
    cmp whole parts
}

@test "a checkpoint is not resumed with other options, and stays" {
    cnn-train "${small[@]}" -c check -o model < "$train" > tsv
    cp check copy
    refused "--resume: check: from another training: '--rate 0.1', now '--rate 0.2'" \
        "${small[@]}" --rate 0.2 --resume -c check < "$train"
    refused "'--samples 1500', now '--samples 300'" "${small[@]}" --resume -c check < "$val"
    refused "from another training: '--net " "${small[@]}" --net 'c3x4 p2 gmp d10' --resume \
        -c check < "$train"
    refused "checkpoint.first" "${small[@]}" --resume -c model < "$train"
    cmp check copy
}

@test "a stream cut off anywhere trains no model, and the checkpoint is kept" {
    local size
    size=$(wc -c < "$train")
    for bytes in 0 1 100 300 1000 $((size / 2)) $((size - 100)) $((size - 1)); do
        head -c "$bytes" "$train" > cut.bin
        refused "stdin:" "${small[@]}" < cut.bin
        refused "stdin:" "${small[@]}" -e 2 < cut.bin
    done
    head -c $((size - 1)) "$train" > cut.bin
    refused "stdin:" "${small[@]}" -c check < cut.bin
    cnn-train "${small[@]}" --resume -c check -o model < "$train" > tsv
}

@test "killed in the middle and resumed gives the same bytes, and one table" {
    local options=("${small[@]}" --report-every 300 -v "$val" -c check)
    cnn-train "${options[@]}" -o whole < "$train" > whole.tsv
    rm check
    run -137 killed_at_its_first_checkpoint "${options[@]}" -o parts
    [ -e check ]
    [ ! -e parts ]
    mv table parts.tsv
    cnn-train "${options[@]}" -t 1 --resume -o parts < "$train" >> parts.tsv
    cmp whole parts
    [ "$(cut -f 1,2,4- parts.tsv | uniq)" = "$(cut -f 1,2,4- whole.tsv)" ]
    cnn-train "${options[@]}" --resume -o parts < "$train" > end.tsv # nothing is left to do
    cmp whole parts
    [ "$(wc -l < end.tsv)" -eq 1 ]
}

# No test leaves a process of the background behind: who signals a training is part of its pipe.
killed_at_its_first_checkpoint() { # OPTION...: writes table
    {
        head -c 800000 "$train" # some 1,000 samples, and then nothing
        until [ -e check ]; do sleep 0.1; done
        kill -9 "$(cat pid)"
    } | sh -c 'echo $$ > pid; exec "$@" > table' sh cnn-train "$@"
}

@test "an endless stream without a count: constant rate and memory, below 100 MB" {
    [ -z "${HWDR_CPU:-}" ] || skip "memory is the same with all kernels, and some take minutes"
    local images=$root/data/mnist/t10k-images-idx3-ubyte
    local labels=$root/data/mnist/t10k-labels-idx1-ubyte
    idx2bin -e 1000000 "$images" "$labels" | without_count |
        sh -c 'echo $$ > pid; exec cnn-train -t 2 --report-every 600 -o model 2> log' |
        peaks_and_kill 4 9 > tsv
    cat peaks
    [ "$(sed -n 2p peaks)" -lt 100000 ]
    [ $(($(sed -n 2p peaks) - $(sed -n 1p peaks))) -lt 1000 ]
    [ "$(sed 1d tsv | cut -f 4 | sort -u)" = 0.1 ]
    grep -q 'cnn-train: stdin: does not say how many samples it has: the rate stays constant' log
    no_model model
}

# The peak memory, in kB, of the training whose table comes in: at line FIRST, and at LAST, its end.
peaks_and_kill() {
    local line count=0
    while read -r line; do
        echo "$line"
        count=$((count + 1))
        if [ "$count" -eq "$1" ] || [ "$count" -eq "$2" ]; then
            awk '/VmHWM/ { print $2 }' "/proc/$(cat pid)/status"
        fi >> peaks
        [ "$count" -lt "$2" ] || kill "$(cat pid)"
    done
}

@test "--samples stops an endless stream, and schedules by it" {
    without_count < "$train" > endless
    run -0 --separate-stderr cnn-train "${small[@]}" --samples 950 -o model < endless
    [ "$(tail -n 1 <<< "$output" | cut -f 2)" -eq 950 ]
    [ "$(sed 1d <<< "$output" | cut -f 4 | sort -u | wc -l)" -gt 3 ]
    run -1 grep 'cnn-train:' <<< "$stderr"
}

@test "--init takes weights and network, but not the card" {
    cnn-train "${small[@]}" -v "$val" -m note=old -o first < "$train" > tsv
    cnn-train -i first --rate 0 --ema 0 -o second < "$train" > tsv
    head -c 4096 second | tr '\0' '\n' > card
    grep -aqF -- '--init first' card
    run -1 grep -aqE '"note"|"accuracy"' card
    cnn-train --init first "${small[@]}" --rate 0.01 -o third < "$train" > third.tsv
    awk -F '\t' 'NR == 2 { exit !($5 < 1.5) }' third.tsv # goes on from where the first ended
    refused "--net: 'd10' differs" --net d10 --init first < "$train"
}

@test "soft labels train, over epochs too" {
    cnn-train "${small[@]}" -e 2 -o teacher < "$train" > tsv
    cnn-predict --relabel -m teacher < "$train" > soft.bin
    cnn-train --net 'p2 d10' -e 3 -o student < soft.bin > student.tsv
    cnn-train --net 'p2 d10' -o once < soft.bin > once.tsv
    awk -F '\t' 'END { exit !($6 > 0.5) }' student.tsv
    refused "--val: soft.bin: its labels are soft" "${small[@]}" -v soft.bin < "$train"
}

@test "a number out of its range names the range" {
    refused "--epochs: '0' is not a whole number from 1 to 1000000" -e 0 < "$train"
    refused "--batch: '70000' is not a whole number from 1 to 65536" -b 70000 < "$train"
    refused "--seed: '-1' is not a whole number from 0 to 9223372036854775807" -s -1 < "$train"
    refused "--threads: '2x' is not a whole number from 1 to 1024" -t 2x < "$train"
    refused "--rate: '101' is not a number from 0 to 100" --rate 101 < "$train"
    refused "--momentum: '1' is not a number from 0 to 0.9999" --momentum 1 < "$train"
    refused "--warmup: 'nan' is not a number from 0 to 1" --warmup nan < "$train"
    refused "--samples: '0' is not a whole number from 1 to 281474976710656" --samples 0 < "$train"
    refused "--optimizer: 'lion' is not one of sgd, adam, adamw" --optimizer lion < "$train"
    refused "--schedule: '' is not one of constant, cosine, onecycle" --schedule '' < "$train"
}

@test "mistakes in the command line are told in one line" {
    refused "unrecognized option '--bogus'" --bogus < "$train"
    refused "option '--rate' requires an argument" --rate < "$train"
    refused "'train.bin': samples come on stdin" train.bin < "$train"
    refused "--resume needs --checkpoint" --resume < "$train"
    refused "--checkpoint: 'refused.model' is the output" -c refused.model < "$train"
    refused "--meta: 'novalue' is not KEY=VALUE" -m novalue < "$train"
    refused "--meta: net: is 'd10'" -m net=d10 < "$train"
    refused "net: 'c3x8': ends in 8x28x28 values" --net c3x8 < "$train"
    run -2 --separate-stderr cnn-train
    [ "$stderr" = "cnn-train: no output: give -o MODEL (see cnn-train --help)" ]
    HWDR_CPU=abacus refused "HWDR_CPU: abacus: unknown" "${small[@]}" < "$train"
}

@test "files that cannot be used are found before training" {
    early() { # not even the metrics' header is out
        refused "$@"
        [ -z "$output" ]
    }
    early "/nonexistent/model: cannot write" -o /nonexistent/model < "$train"
    early "/nonexistent/check: cannot write" -c /nonexistent/check < "$train"
    early "--val: nothing: No such file" -v nothing < "$train"
    early "--init: nothing: cannot open" -i nothing < "$train"
    early "--init: $val:" -i "$val" < "$train"
    idx2bin -r :10 "$root/data/mnist/t10k-images-idx3-ubyte" > unlabelled.bin
    early "--val: unlabelled.bin: sample 0: has no label" -v unlabelled.bin < "$train"
    refused "stdin: sample 0: has no label" "${small[@]}" < unlabelled.bin
    early "stdin: sample 0: has no label" "${small[@]}" -e 2 < unlabelled.bin
    head -c 5000 "$val" > cut.bin
    early "--val: cut.bin:" -v cut.bin < "$train"
}

@test "an empty stream, a closed stdin and another kind of file are refused" {
    idx2bin -r :0 "$root/data/mnist/t10k-images-idx3-ubyte" > empty.bin
    refused "stdin: no samples to train on" "${small[@]}" < empty.bin
    refused "stdin: no samples to train on" "${small[@]}" -e 2 < empty.bin
    refused "--val: empty.bin: has no samples" "${small[@]}" -v empty.bin < "$train"
    run -2 bash -c 'cnn-train -o refused.model --net d10 <&-'
    [ "$output" = "cnn-train: stdin: is closed" ]
    no_model refused.model
    refused "stdin:" "${small[@]}" < "$root/data/mnist/t10k-images-idx3-ubyte"
}

@test "a training that diverges stops, and saves nothing" {
    refused "diverged, the loss is not a number any more; try a lower --rate" \
        --net d10 --rate 100 --weight-decay 1 --schedule constant -e 9 < "$train"
}

@test "a full disk fails, whether it is for the model, the checkpoint or the metrics" {
    run -2 --separate-stderr cnn-train "${small[@]}" -o /dev/full < "$train"
    [ "$(grep '^cnn-train:' <<< "$stderr")" = \
        "cnn-train: /dev/full: cannot write: No space left on device" ]
    refused "/dev/full: cannot write: No space left" "${small[@]}" -c /dev/full < "$train"
    full() { cnn-train "$@" < "$train" > /dev/full; }
    run -2 full "${small[@]}" -o model
    [ "$output" = "cnn-train: stdout: No space left on device" ]
    [ ! -e model ]
}

@test "a reader of the metrics that quits early ends training quietly" {
    early() {
        cnn-train "${small[@]}" -o model < "$train" 2> log | head -c 20
        echo " ${PIPESTATUS[0]}"
    }
    run -0 early
    [[ $output = *" 141" ]]
    run -1 grep cnn-train log
    [ ! -e model ]
}

@test "a model that is there stays as it was when training fails" {
    echo precious > model
    run -2 cnn-train "${small[@]}" -o model < <(head -c 100000 "$train")
    [ "$(cat model)" = precious ]
}

@test "help and version, and the manual page knows every option" {
    run -0 cnn-train --help
    [[ $output = Usage:*'augment | cnn-train'* ]]
    local help=$output
    run -0 cnn-train --version
    [[ $output = 'cnn-train (hwdr) '* ]]
    local options
    mapfile -t options < <(grep -oE -- '--[a-z0-9-]{2,}' <<< "$help" | sort -u)
    [ ${#options[@]} -eq 28 ]
    for option in "${options[@]}"; do
        echo "$option"
        grep -qE "^\.It (.*, )?Fl (. , )?-${option#--}( |\$)" "$root/tools/cnn-train.1"
    done
}
