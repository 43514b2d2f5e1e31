# How often the network is right where it is so sure. Data: $bin, `bins`, `ece`, `headline`; see
# lib/graph.h.
width = 760
height = 800
heading = 'Reliability: is it right as often as it is sure?'
load plots.'/style.gp'

# The interval that holds the true fraction with 95 %: E. Wilson, JASA 22, 1927.
z = 1.96
middle(p, n) = (p + z**2 / (2 * n)) / (1 + z**2 / n)
half(p, n) = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))

set style line 1 linecolor rgb blue linewidth 1.5 pointtype 7 pointsize 0.9
set style line 2 linecolor rgb faint linewidth 1 dashtype 2
set xrange [0:100]
set xtics 20
set bars 0.5
set multiplot
set lmargin at screen across(64, 8)
set rmargin at screen 1 - across(32, 2)

set tmargin at screen 1 - up(104, 4)
set bmargin at screen 0.38
set format x ''
set key horizontal at screen 1 - across(32, 2), screen 1 - up(82, 3) right center
set label 3 'right (% of digits)' textcolor rgb ink at screen across(16, 1), screen 1 - up(82, 3)
set yrange [0:100]
plot x with lines linestyle 2 title 'as sure as right', \
     $bin using (100 * $1):(100 * $2):(100 * (middle($2, $3) - half($2, $3))): \
         (100 * (middle($2, $3) + half($2, $3))) with yerrorbars linestyle 1 \
         title sprintf('network (bars: 95 %%), error %.2f %%', 100 * ece)

unset label
unset key
set tmargin at screen 0.38 - up(52, 2)
set bmargin at screen up(64, 3)
set format x '%g'
set xlabel 'confidence (%)'
set label 3 'digits' textcolor rgb ink at screen across(16, 1), screen 0.38 - up(34, 1)
set logscale y
set yrange [0.5:*]
set boxwidth 90.0 / bins
set style fill solid 0.7 noborder
plot $bin using (100 * (ceil($1 * bins) - 0.5) / bins):3 with boxes linecolor rgb blue
unset multiplot
