# The recipes and what counts their seeds, with networks and digits so few that each takes a second.
# shellcheck disable=SC2154,SC2016 # run sets stderr; sh -c expands

bats_require_minimum_version 1.5.0

setup() {
    export NET='c5x8 p4 d10' DIGITS=1500 EPOCHS=1 THREADS=1 OMP_WAIT_POLICY=passive
    export TSV=$BATS_TEST_TMPDIR/seeds.tsv WORK=$BATS_TEST_TMPDIR/work
    unset SEED OUT VALIDATE TEMPERATURE FOREIGN AUGMENT TRAIN DATA TEACHERS
    model=$BATS_TEST_TMPDIR/model.safetensors
}

# KEY: of $model's card.
card() {
    cnn-export --to card -m "$model" | sed -n "s/^$1	//p"
}

@test "each recipe learns its digits, as many times as it is told, and leaves model and metrics" {
    for recipe in train-fast train train-best; do
        SEED=5 EPOCHS=2 OUT=$model "pipelines/$recipe.sh" 2> "$BATS_TEST_TMPDIR/log"
        foreign=$(sed -n "s/.*FOREIGN:=\([0-9]*\)}.*/\1/p" "pipelines/$recipe.sh")
        samples=$((3000 + (foreign ? 2 * (1500 / foreign) : 0)))
        [[ $(card recipe) == *" --samples $samples "*" --seed 5 "* ]]
        [ "$(card data)" = "data/mnist, training digits 0 to 1499" ]
        [[ $(card augment) == "--rotate "* ]]
        temperature=$(sed -n "s/.*TEMPERATURE:=\(.*\)}.*/\1/p" "pipelines/$recipe.sh")
        [ "$(card temperature)" = "$temperature" ]
        [ "$(tail -n 1 "${model%.safetensors}.tsv" | cut -f 1,2,8)" = $'2.000\t'$samples$'\t-' ]
        run -1 compgen -G "$BATS_TEST_TMPDIR/*.checkpoint"
        rm "$model"
    done
}

@test "VALIDATE=1 leaves out the last 5,000 digits, fits a temperature, and tells the accuracy" {
    VALIDATE=1 OUT=$model pipelines/train-fast.sh 2> "$BATS_TEST_TMPDIR/log"
    [[ $(card accuracy) == *" of 5000 validation samples" ]]
    [ "$(card temperature)" != 1 ]
    # as many as there are
    unset DIGITS
    export NET='p14 d10' AUGMENT=--none
    VALIDATE=1 OUT=$model pipelines/train-fast.sh 2> "$BATS_TEST_TMPDIR/log"
    [[ $(card recipe) == *" --samples 55000 "* ]]
    [ "$(card data)" = "data/mnist, training digits 0 to 54999" ]
    OUT=$model pipelines/train-fast.sh 2> "$BATS_TEST_TMPDIR/log"
    [[ $(card recipe) == *" --samples 60000 "* ]]
    [ "$(card data)" = "data/mnist, training digits 0 to 59999" ]
}

@test "distil.sh teaches what the mean of its teachers says" {
    for seed in 1 2; do
        SEED=$seed OUT=$BATS_TEST_TMPDIR/teacher$seed NET='p4 d10' pipelines/train-fast.sh \
            2> "$BATS_TEST_TMPDIR/log"
    done
    SEED=3 TEACHERS="$BATS_TEST_TMPDIR/teacher1 $BATS_TEST_TMPDIR/teacher2" OUT=$model \
        pipelines/distil.sh 2> "$BATS_TEST_TMPDIR/log"
    sum=$(sha256sum < "$BATS_TEST_TMPDIR/teacher2" | cut -c 1-16)
    [[ $(card teachers) == *" $sum" ]]
    # the weights of the same pipe by hand
    read -ra distort <<< "$(card augment)"
    idx2bin --range :1500 data/mnist/train-images-idx3-ubyte |
        augment "${distort[@]}" --seed 3 |
        cnn-predict --relabel -m "$BATS_TEST_TMPDIR/teacher1" -m "$BATS_TEST_TMPDIR/teacher2" |
        cnn-train --net "$NET" --seed 3 --batch 100 --label-smoothing 0 --ema 0.995 --rate 0.1 \
            --temperature "$(card temperature)" -o "$BATS_TEST_TMPDIR/by-hand" \
            > "$BATS_TEST_TMPDIR/tsv" 2>&1
    idx2bin --range :100 data/mnist/train-images-idx3-ubyte > "$BATS_TEST_TMPDIR/100.bin"
    cmp <(cnn-predict --scores -m "$model" < "$BATS_TEST_TMPDIR/100.bin") \
        <(cnn-predict --scores -m "$BATS_TEST_TMPDIR/by-hand" < "$BATS_TEST_TMPDIR/100.bin")
    TSV=$TSV TEACHERS=$BATS_TEST_TMPDIR/teacher1 pipelines/seeds.sh distil 1 \
        2> "$BATS_TEST_TMPDIR/log"
    [[ $(tail -n 1 "$TSV") == *" | relabelled by "*" | cnn-train "* ]]
}

@test "FOREIGN=0 learns digits alone" {
    FOREIGN=0 OUT=$model pipelines/train.sh 2> "$BATS_TEST_TMPDIR/log"
    [[ $(card recipe) == *" --samples 1500 "* ]]
    [[ $(card augment) != *--foreign* ]]
}

@test "AUGMENT and TRAIN have the last word" {
    AUGMENT='--rotate 3' TRAIN='--rate 0.02 --ema 0' OUT=$model pipelines/train.sh \
        2> "$BATS_TEST_TMPDIR/log"
    [[ $(card augment) == "--rotate "*" --rotate 3" ]]
    [[ $(card recipe) == *" --rate 0.02 "*" --ema 0" ]]
}

@test "seeds.sh trains and tests each seed once, and its lines are reproduced" {
    run -0 --separate-stderr pipelines/seeds.sh fast 2
    [ "$(cut -f 1 "$TSV" | paste -sd ' ')" = "seed 1 2" ]
    [ "$(head -n 1 "$TSV" | wc -w)" -eq 11 ]
    cp "$TSV" "$BATS_TEST_TMPDIR/two"
    # what is there stays as it is, and a third comes behind it
    run -0 --separate-stderr pipelines/seeds.sh fast 3
    [ "$(grep -c ': seed ' <<< "$stderr")" -eq 1 ]
    cmp "$BATS_TEST_TMPDIR/two" <(head -n 3 "$TSV")
    [ "$(wc -l < "$TSV")" -eq 4 ]
    # the line says what cnn-eval says of the model that was kept
    idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |
        cnn-eval -m "$WORK/3.safetensors" > "$BATS_TEST_TMPDIR/report"
    [ "$(sed -n 's/^accuracy\t\([^\t]*\).*/\1/p' "$BATS_TEST_TMPDIR/report")" = \
        "$(tail -n 1 "$TSV" | cut -f 6)" ]
    [ "$(grep -c ^wrong "$BATS_TEST_TMPDIR/report")" -eq "$(tail -n 1 "$TSV" | cut -f 9)" ]

    run -0 --separate-stderr pipelines/seeds.sh --check fast 2
    [ "$(grep -c . <<< "$output")" -eq 3 ]
    awk -F '\t' -v OFS='\t' '$1 == 2 { $7 = "9.9999" } { print }' "$TSV" \
        > "$BATS_TEST_TMPDIR/forged"
    TSV=$BATS_TEST_TMPDIR/forged run -1 --separate-stderr pipelines/seeds.sh --check fast 2
}

# Ended with all its programs at the first checkpoint, by the reader of its pipe.
interrupted() {
    setsid sh -c 'echo $$ > "$WORK/pid"; exec pipelines/seeds.sh default 1 2>&1' | {
        for _ in {1..600}; do
            [ ! -e "$WORK/1.checkpoint" ] || break
            sleep 0.1
        done
        kill -- "-$(cat "$WORK/pid")"
        cat >&2
    }
}

@test "a training that was interrupted goes on, and its line is that of one that was not" {
    export EPOCHS=3 DIGITS=30000
    pipelines/seeds.sh default 1 2> "$BATS_TEST_TMPDIR/log"
    whole=$(tail -n 1 "$TSV" | cut -f 6-)
    rm "$TSV" "$WORK/1.safetensors"
    interrupted 2> "$BATS_TEST_TMPDIR/log"
    [ -e "$WORK/1.checkpoint" ]
    [ "$(wc -l < "$TSV")" -eq 1 ]
    pipelines/seeds.sh default 1 2> "$BATS_TEST_TMPDIR/log"
    [ "$(tail -n 1 "$TSV" | cut -f 6-)" = "$whole" ]
    # each row of metrics once: the second run began where the first had left
    cut -f 2 "$WORK/1.tsv" | uniq -d | wc -l | grep -qx 0
    [ "$(grep -c epoch "$WORK/1.tsv")" -eq 1 ]
}

@test "seeds of a recipe that has changed since do not mix" {
    pipelines/seeds.sh fast 1 2> "$BATS_TEST_TMPDIR/log"
    EPOCHS=2 run -2 --separate-stderr pipelines/seeds.sh fast 2
    [[ $stderr == "seeds: $TSV: holds seeds of fast@"*"and the recipe is now fast@"* ]]
    [ "$(wc -l < "$TSV")" -eq 2 ]
}

@test "seeds.sh's mistakes are told in a line" {
    run -2 --separate-stderr pipelines/seeds.sh slow 3
    [ "$stderr" = "seeds: 'slow' is not a recipe: fast, default, best, fashion, distil" ]
    run -2 --separate-stderr pipelines/seeds.sh fast many
    [ "$stderr" = "seeds: 'many' is not a number of seeds" ]
    run -2 --separate-stderr pipelines/seeds.sh fast
    [[ $stderr == *": not there yet: say how many seeds to train" ]]
    run -2 --separate-stderr pipelines/seeds.sh --check fast
    [ "$stderr" = "seeds: --check: give a recipe and a seed" ]
    [ ! -e "$TSV" ]
}

@test "the statistics are NumPy's, and their interval is the bootstrap's" {
    printf 'seed\taccuracy\tloss\n' > "$TSV"
    printf '%s\n' '1 0.9971 0.0093' '2 0.9965 0.0101' '3 0.9969 0.0090' '4 0.9974 0.0088' \
        '5 0.9962 0.0110' '6 0.9970 0.0095' | tr ' ' '\t' >> "$TSV"
    awk -f pipelines/statistics.awk -v columns='accuracy loss' "$TSV" > "$BATS_TEST_TMPDIR/rows"
    "$HWDR_PYTHON" - "$TSV" "$BATS_TEST_TMPDIR/rows" <<'EOF'
import sys
import numpy

table = numpy.loadtxt(sys.argv[1], skiprows=1)
rows = [line.split() for line in open(sys.argv[2])]
assert rows[0] == "quantity n mean low high sd median min max".split()
random = numpy.random.default_rng(1)
for row, x in zip(rows[1:], table[:, 1:].T):
    expected = [x.mean(), x.std(ddof=1), numpy.median(x), x.min(), x.max()]
    got = [float(row[i]) for i in (2, 5, 6, 7, 8)]
    assert numpy.allclose(got, expected, atol=1e-6), (got, expected)
    means = random.choice(x, (100000, len(x))).mean(axis=1)
    # 10,000 resamples know a percentile of the mean to a few hundredths of its spread
    bounds = numpy.percentile(means, (2.5, 97.5))
    assert numpy.allclose([float(v) for v in row[3:5]], bounds, atol=0.1 * means.std()), row
assert [row[0:2] for row in rows[1:]] == [["accuracy", "6"], ["loss", "6"]]
EOF
    run -2 awk -f pipelines/statistics.awk -v columns='accuracy f1' "$TSV"
    [ "$output" = "statistics: no column f1" ]
}
