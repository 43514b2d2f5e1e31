# Statistics over the seeds of a recipe: one row a quantity from the rows of a table such as
# model/seeds-default.tsv, whose header names its columns.
#
#   awk -f pipelines/statistics.awk -v columns='accuracy loss ece' model/seeds-default.tsv
#
# low and high are the 95 % interval of the mean: the percentiles 2.5 and 97.5 of the means of
# 10,000 resamples with replacement (bootstrap). Its random numbers are always the same: Park and
# Miller's generator (CACM 31, 1988), whose products double precision holds exactly.

BEGIN { FS = OFS = "\t"; resamples = 10000; state = 1 }

NR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    quantities = split(columns, quantity, " ")
    for (q = 1; q <= quantities; q++)
        if (!(quantity[q] in at)) {
            print "statistics: no column " quantity[q] > "/dev/stderr"
            bad = 1
            exit 2
        }
    next
}

{ n++; for (q = 1; q <= quantities; q++) value[q, n] = $at[quantity[q]] }

function random(below) { # a whole number from 0
    state = state * 16807 % 2147483647
    return int(below * state / 2147483647)
}

function sort(list, size,    gap, i, j, held) { # Shell's
    for (gap = int(size / 2); gap > 0; gap = int(gap / 2))
        for (i = gap + 1; i <= size; i++) {
            held = list[i]
            for (j = i; j > gap && list[j - gap] > held; j -= gap)
                list[j] = list[j - gap]
            list[j] = held
        }
}

function row(q,    i, r, sum, square, mean, median, sd) {
    for (i = 1; i <= n; i++) {
        list[i] = value[q, i] + 0
        sum += list[i]
    }
    mean = sum / n
    for (i = 1; i <= n; i++)
        square += (list[i] - mean) * (list[i] - mean)
    for (r = 1; r <= resamples; r++) {
        sum = 0
        for (i = 1; i <= n; i++)
            sum += list[1 + random(n)]
        means[r] = sum / n
    }
    sort(means, resamples)
    sort(list, n)
    median = (list[int((n + 1) / 2)] + list[int(n / 2) + 1]) / 2
    sd = n > 1 ? sqrt(square / (n - 1)) : 0
    printf "%s\t%d\t%.6f\t%.6f\t%.6f\t", quantity[q], n, mean, means[int(resamples * 0.025) + 1],
        means[int(resamples * 0.975)]
    printf "%.6f\t%.6f\t%.6f\t%.6f\n", sd, median, list[1], list[n]
}

END {
    if (bad)
        exit 2
    print "quantity", "n", "mean", "low", "high", "sd", "median", "min", "max"
    for (q = 1; n > 0 && q <= quantities; q++)
        row(q)
}
