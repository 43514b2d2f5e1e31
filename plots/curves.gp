# Loss and error while training. Data: $training, $validation, `validated`, `headline`, and the
# spans loss_low...wrong_high; see lib/graph.h.
width = 900
height = 680
heading = 'Loss and error while training'
load plots.'/style.gp'

# Errors rather than accuracies: on a log axis the last tenths of a percent get their room.
percent_wrong(accuracy) = accuracy < 1 ? 100 * (1 - accuracy) : NaN
positive(x) = x > 0 ? x : NaN

stats $training using 1 nooutput
set xrange [0:STATS_max > 0 ? STATS_max : 1]
set logscale y
do for [power = -8:8] {
    set ytics add (10.0**power)
    if (!is_text) {
        set ytics add (2 * 10.0**power, 5 * 10.0**power)
    }
}
apart = int(STATS_records / 50) + 1 # rows to a mark, so that long runs stay lines
sparse = 1
if (validated) {
    stats $validation using 1 nooutput
    sparse = int(STATS_records / 50) + 1
}
set style line 1 linecolor rgb blue linewidth 1.5 pointtype 5 pointsize 0.45 pointinterval apart
set style line 2 linecolor rgb vermillion linewidth 1.5 pointtype 7 pointsize 0.55 \
    pointinterval sparse
set multiplot
set lmargin at screen across(64, 8)
set rmargin at screen 1 - across(32, 2)

set tmargin at screen 1 - up(96, 4)
set bmargin at screen 0.5
set format x ''
set key horizontal at screen 1 - across(32, 2), screen 1 - up(78, 3) right center
set label 3 'loss (nats)' textcolor rgb ink at screen across(16, 1), screen 1 - up(78, 3)
set yrange [0.8 * loss_low:1.25 * loss_high]
plot $training using 1:(positive($2)) with linespoints linestyle 1 title 'training', \
     for [i = 1:validated] $validation using 1:(positive($2)) with linespoints linestyle 2 \
         title 'validation'

unset label
unset key
set tmargin at screen 0.5 - up(52, 2)
set bmargin at screen up(64, 3)
set format x '%g'
set xlabel 'epochs'
set label 3 'wrong (% of digits)' textcolor rgb ink at screen across(16, 1), screen 0.5 - up(34, 1)
set yrange [80 * wrong_low:125 * wrong_high]
plot $training using 1:(percent_wrong($3)) with linespoints linestyle 1, \
     for [i = 1:validated] $validation using 1:(percent_wrong($3)) with linespoints linestyle 2
unset multiplot
