# Who was taken for whom. Data: $confusion, `headline`; see lib/graph.h.
width = 760
height = 800
heading = 'Confusion matrix: digits by what they are and what they were taken for'
load plots.'/style.gp'

# The logarithm shows the ones beside the thousands: right answers towards blue, wrong ones towards
# vermillion.
stats $confusion using 3 nooutput
top = STATS_max > 0 ? STATS_max : 1
depth(count) = log(1 + count) / log(1 + top)
mixed(from, to, part) = int(from + (to - from) * part + 0.5)
shade(r, g, b, part) = 65536 * mixed(255, r, part) + 256 * mixed(255, g, part) + mixed(255, b, part)
right_shade(count) = shade(0, 114, 178, depth(count))
# Wrong answers are few: 1 has to be seen, and 30 is a lot.
error_depth(count) = count > 0 ? (0.2 + 0.8 * (count < 30 ? log(count) / log(30) : 1)) : 0
wrong_shade(count) = shade(213, 94, 0, error_depth(count))
cell(truth, predicted, count) = \
    count == 0 ? 0xf4f4f4 : truth == predicted ? right_shade(count) : wrong_shade(count)
text_colour(truth, predicted, count) = \
    count == 0 ? 0xa0a0a0 : truth == predicted && depth(count) > 0.85 ? 0xffffff : 0x222222

unset grid
unset key
unset border
set tics scale 0
set xrange [-0.5:9.5]
set yrange [9.5:-0.5]
set xtics 1
set ytics 1
set xlabel 'predicted digit'
set ylabel 'true digit' offset -1, 0 textcolor rgb ink
set lmargin at screen across(64, 8)
set rmargin at screen 1 - across(24, 2)
set tmargin at screen 1 - up(72, 3)
set bmargin at screen up(64, 3)
set style fill solid 1 noborder

if (is_text) {
    plot $confusion using 2:1:($3 > 0 ? sprintf('%d', $3) : '.') with labels
} else {
    # Cells are drawn a little apart.
    plot $confusion using 2:1:($2 - 0.48):($2 + 0.48):($1 - 0.48):($1 + 0.48):(cell($1, $2, $3)) \
             with boxxyerror linecolor rgb variable, \
         '' using 2:1:(sprintf('%d', $3)):(text_colour($1, $2, $3)) \
             with labels textcolor rgb variable
}
