# The recipes and what counts their seeds, with networks and digits so few that each takes a second.
# shellcheck disable=SC2154,SC2016 # run sets stderr; sh -c expands

bats_require_minimum_version 1.5.0

setup() {
    export NET='c5x8 p4 d10' DIGITS=1500 EPOCHS=1 THREADS=1 OMP_WAIT_POLICY=passive
    export TSV=$BATS_TEST_TMPDIR/seeds.tsv WORK=$BATS_TEST_TMPDIR/work
    unset SEED OUT VALIDATE TEMPERATURE FOREIGN PIECES HANDS COARSE AUGMENT TRAIN DATA TEACHERS
    model=$BATS_TEST_TMPDIR/model.safetensors
}

# KEY: of $model's card.
card() {
    cnn-export --to card -m "$model" | sed -n "s/^$1	//p"
}

# KNOB RECIPE: its default: train-best.sh ends with distil.sh, and all read recipe.sh.
default() {
    local scripts=("pipelines/$2.sh" pipelines/recipe.sh)
    [ "$2" != train-best ] || scripts=("${scripts[0]}" pipelines/distil.sh pipelines/recipe.sh)
    cat "${scripts[@]}" | grep -oP "$1:=\K[0-9.]+" | head -n 1
}

@test "each recipe learns its digits, as many times as it is told, and leaves model and metrics" {
    for recipe in train-fast train train-best; do
        SEED=5 EPOCHS=2 OUT=$model "pipelines/$recipe.sh" 2> "$BATS_TEST_TMPDIR/log"
        samples=3000
        for knob in FOREIGN PIECES HANDS; do
            each=$(default $knob $recipe)
            samples=$((samples + (each ? 2 * (1500 / each) : 0)))
        done
        [[ $(card recipe) == *" --samples $samples "*" --seed 5 "* ]]
        [ "$(card data)" = "data/mnist, training digits 0 to 1499" ]
        [[ $(card augment) == "--rotate "* ]]
        [ "$(card temperature)" = "$(default TEMPERATURE $recipe)" ]
        [ "$(tail -n 1 "${model%.safetensors}.tsv" | cut -f 1,2,8)" = 2.000$'\t'$samples$'\t-' ]
        run -1 compgen -G "$BATS_TEST_TMPDIR/*.checkpoint"
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
    idx2bin --range :1500 data/mnist/train-{images-idx3,labels-idx1}-ubyte |
        augment "${distort[@]}" --seed 3 |
        cnn-predict --relabel --certain -m "$BATS_TEST_TMPDIR/teacher1" \
            -m "$BATS_TEST_TMPDIR/teacher2" |
        cnn-train --net "$NET" --seed 3 --batch 100 --label-smoothing 0.03 --ema 0.995 --rate 0.1 \
            --temperature "$(card temperature)" -o "$BATS_TEST_TMPDIR/by-hand" \
            > "$BATS_TEST_TMPDIR/tsv" 2>&1
    idx2bin --range :100 data/mnist/train-images-idx3-ubyte > "$BATS_TEST_TMPDIR/100.bin"
    cmp <(cnn-predict --scores -m "$model" < "$BATS_TEST_TMPDIR/100.bin") \
        <(cnn-predict --scores -m "$BATS_TEST_TMPDIR/by-hand" < "$BATS_TEST_TMPDIR/100.bin")
    TSV=$TSV TEACHERS=$BATS_TEST_TMPDIR/teacher1 pipelines/seeds.sh distil 1 \
        2> "$BATS_TEST_TMPDIR/log"
    [[ $(tail -n 1 "$TSV") == *" | relabelled by "*" | cnn-train "* ]]
}

@test "train-best.sh trains its two teachers by train.sh, once" {
    teachers=$BATS_TEST_TMPDIR/model-teachers/1500
    SEED=2 OUT=$model pipelines/train-best.sh 2> "$BATS_TEST_TMPDIR/log"
    [ "$(ls "$teachers")" = "$(printf '%s\n' {4,5}.{safetensors,tsv})" ]
    [ "$(card teachers)" = "$(sha256sum "$teachers"/*.safetensors | cut -c 1-16 | paste -sd ' ')" ]
    env -u NET -u EPOCHS SEED=5 OUT="$BATS_TEST_TMPDIR/by-hand.safetensors" \
        pipelines/train.sh 2> "$BATS_TEST_TMPDIR/log"
    cmp "$teachers/5.safetensors" "$BATS_TEST_TMPDIR/by-hand.safetensors"
    first=$(sha256sum < "$model")
    rm "$teachers"/*.tsv # what a training writes
    SEED=2 OUT=$model pipelines/train-best.sh 2> "$BATS_TEST_TMPDIR/log"
    run -1 compgen -G "$teachers/*.tsv"
    [ "$(sha256sum < "$model")" = "$first" ]
    # but not those that have learnt other digits
    DIGITS=1000 SEED=2 OUT=$model pipelines/train-best.sh 2> "$BATS_TEST_TMPDIR/log"
    [[ $(card teachers) != *"$(sha256sum < "$teachers/4.safetensors" | cut -c 1-16)"* ]]
}

@test "FOREIGN, PIECES and HANDS say after how many digits one comes in, 0 that none does" {
    FOREIGN=3 PIECES=5 HANDS=10 COARSE=1.5 OUT=$model pipelines/train.sh 2> "$BATS_TEST_TMPDIR/log"
    [[ $(card recipe) == *" --samples 2450 "* ]]
    [[ $(card augment) == *"--foreign 3 --pieces 5 --hands 10 --coarse 1.5" ]]
    FOREIGN=0 PIECES=0 TEACHERS=$model OUT=$BATS_TEST_TMPDIR/small.safetensors \
        pipelines/distil.sh 2> "$BATS_TEST_TMPDIR/log"
    model=$BATS_TEST_TMPDIR/small.safetensors
    [[ $(card recipe) == *" --samples 1500 "* ]]
    [[ $(card augment) != *--foreign* && $(card augment) != *--pieces* ]]
    [[ $(card augment) != *--hands* && $(card augment) != *--coarse* ]]
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

# RECIPE ACCURACY SECONDS SEEDS: a table as seeds.sh leaves it, made up.
evidence() {
    {
        echo "seed version recipe seconds cpu accuracy loss ece wrong model command" | tr ' ' '\t'
        for ((seed = 1; seed <= $4; seed++)); do
            printf '%d\tv\t%s@0\t%d\tcpu\t%s%d\t0.0100\t0.001\t9\tm\t' $seed "$1" "$3" "$2" $seed
            echo "augment | cnn-train --net 'c5x24vb p2 c3x32vb p2 d10' --rate 1"
        done
    } > "$EVIDENCE/seeds-$1.tsv"
}

@test "the card's tables are what the evidence says" {
    pipelines/card.sh --check
    export EVIDENCE=$BATS_TEST_TMPDIR/evidence CARD=$BATS_TEST_TMPDIR/card.md
    mkdir "$EVIDENCE"
    evidence fast 0.994 12 5
    printf '%s\n' 'seed 3' '<!-- recipes -->' 'old' '<!-- end -->' 'kept' '<!-- other -->' > "$CARD"
    run -1 --separate-stderr pipelines/card.sh --check
    pipelines/card.sh
    pipelines/card.sh --check
    grep -qF '| [fast](seeds-fast.tsv) | 5 | 99.430 (99.4' "$CARD"
    grep -qF '| default | | to be measured' "$CARD"
    run -1 grep -x old "$CARD"
    [ "$(sed -n '1p; $p' "$CARD" | paste -sd ' ')" = "seed 3 <!-- other -->" ]
}

@test "the recipes' graphs are drawn from the evidence, as far as there is any" {
    export EVIDENCE=$BATS_TEST_TMPDIR/evidence OUT=$BATS_TEST_TMPDIR/plots
    mkdir "$EVIDENCE"
    run -0 pipelines/plot-recipes.sh
    [ -z "$output" ]
    evidence fast 0.994 12 5
    evidence distil 0.996 900 3
    run -0 pipelines/plot-recipes.sh
    [ "${#lines[@]}" -eq 4 ]
    grep -q 'fast: 99.43 %' "$OUT/recipes.svg"
    run ! grep -q distil "$OUT/recipes.svg"
    grep -q '5 networks' "$OUT/recipes.svg"
    grep -q 'Matuzas77 ×20' "$OUT/macs.svg"
    grep -q 'distil<' "$OUT/macs.svg"
}

@test "an ensemble of kept networks is tested, and its line kept once" {
    mkdir -p "$WORK"
    for seed in 1 2; do
        SEED=$seed OUT=$WORK/$seed.safetensors pipelines/train-fast.sh 2> "$BATS_TEST_TMPDIR/log"
    done
    VIEWS=5 pipelines/ensemble.sh fast 1 2
    VIEWS=5 run -0 pipelines/ensemble.sh fast 1 2
    [ "$(wc -l < "$TSV")" -eq 2 ]
    [ "$(tail -n 1 "$TSV")" = "$output" ]
    # c5x8 on 28x28, d10 on 7x7: two networks, five views
    [ "$(cut -f 2-5 <<< "$output")" = $'1 2\t5\t1607200\t8292' ]
    idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |
        cnn-eval --views 5 -m "$WORK/1.safetensors" -m "$WORK/2.safetensors" \
            > "$BATS_TEST_TMPDIR/report"
    [ "$(grep -c ^wrong "$BATS_TEST_TMPDIR/report")" -eq "$(cut -f 9 <<< "$output")" ]
}

@test "ablate.sh pairs a variant with its base, seed by seed" {
    TRAIN='--ema 0' run -0 --separate-stderr pipelines/ablate.sh study 'no EMA' 1
    run -0 --separate-stderr pipelines/ablate.sh study base 1
    [ "$(cut -f 1-3 "$TSV" | tail -n 2 | paste -sd ,)" = $'study\tno EMA\t1,study\tbase\t1' ]
    cp "$TSV" "$BATS_TEST_TMPDIR/two"
    run -0 --separate-stderr pipelines/ablate.sh study base 1 # there already
    cmp "$TSV" "$BATS_TEST_TMPDIR/two"
    printf 'study\tvariant\tseed\tseconds\twrong\tloss\tcommand\n' > "$TSV"
    printf 's\t%s\t%s\t9\t%s\t%s\tc\n' base 1 20 0.02 base 2 30 0.03 base 3 40 0.04 \
        more 1 18 0.018 more 2 24 0.024 other 9 5 0.005 >> "$TSV"
    run -0 pipelines/ablate.sh
    [ "${lines[1]}" = $'s\tbase\t3\t30.0\t10.0\t0.03000' ]
    # -2 and -6 digits: mean -4, standard deviation 2.83, divided by the root of 2
    [ "${lines[2]}" = $'s\tmore\t2\t21.0\t4.2\t0.02100\t-4.0\t2.0\t-0.00400\t0.00200' ]
    [ "${lines[3]}" = $'s\tother\t1\t5.0\t0.0\t0.00500' ]
    run -2 --separate-stderr pipelines/ablate.sh study base
    [[ $stderr == "ablate: give a study, a variant and a number of seeds"* ]]
}
