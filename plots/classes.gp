# Precision and recall of each digit. Data: $digit, `headline`; see lib/graph.h.
width = 900
height = 520
heading = 'Precision and recall of each digit'
load plots.'/style.gp'

stats $digit using ($2 - $3) nooutput
low = STATS_min
stats $digit using ($4 - $5) nooutput
low = STATS_min < low ? STATS_min : low

set lmargin at screen across(64, 8)
set rmargin at screen 1 - across(24, 2)
set tmargin at screen 1 - up(104, 4)
set bmargin at screen up(64, 3)
set key horizontal at screen 1 - across(24, 2), screen 1 - up(82, 3) right center
set label 3 '% (bars: ± one standard error)' textcolor rgb ink \
    at screen across(16, 1), screen 1 - up(82, 3)
set xlabel 'digit'
set xrange [-0.6:9.6]
set xtics 1 scale 0
# From a little below the lowest to 100 %.
span = 1 - low > 0.0005 ? 1 - low : 0.0005
set yrange [100 * (1 - 1.1 * span > 0 ? 1 - 1.1 * span : 0):100 + 4 * span]
set bars 0.5
set style line 1 linecolor rgb blue linewidth 1.5 pointtype 5 pointsize 0.9
set style line 2 linecolor rgb vermillion linewidth 1.5 pointtype 7 pointsize 1
beside = is_text ? 0.2 : 0.14
plot $digit using ($1 - beside):(100 * $2):(100 * $3) with yerrorbars linestyle 1 \
         title 'precision (of those read as it)', \
     '' using ($1 + beside):(100 * $4):(100 * $5) with yerrorbars linestyle 2 \
         title 'recall (of those that are it)'
