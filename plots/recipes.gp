# What a second of training buys. Data: $seeds: recipe (0, 1, ...), seconds, accuracy of each seed;
# $means: recipe, mean seconds, mean accuracy, low, high; `names`, `headline`.
width = 900
height = 560
heading = 'Test accuracy against training time'
load plots.'/style.gp'

set lmargin at screen across(72, 9)
set rmargin at screen 1 - across(32, 2)
set tmargin at screen 1 - up(104, 4)
set bmargin at screen up(64, 3)
set key off
set label 3 'wrong (% of test digits)' textcolor rgb ink at screen across(16, 1), \
    screen 1 - up(82, 3)
set xlabel 'training (s on two cores)'
set logscale xy
set xtics add (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
set ytics add (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1)
stats $seeds using 2 nooutput
set xrange [STATS_min / 2:STATS_max * 4]
stats $seeds using (100 * (1 - $3)) nooutput
set yrange [STATS_min / 1.25:STATS_max * 1.25]
set bars 0.8
plot $seeds using 2:(100 * (1 - $3)) with points pointtype 6 pointsize 0.5 linecolor rgb blue, \
     $means using 2:(100 * (1 - $3)):(100 * (1 - $5)):(100 * (1 - $4)) with yerrorbars \
         pointtype 7 pointsize 1 linewidth 1.5 linecolor rgb vermillion, \
     $means using 2:(100 * (1 - $3)): \
         (sprintf('  %s: %.2f %%', word(names, int($1) + 1), 100 * $3)) \
         with labels left offset 1, 0.3 textcolor rgb ink
