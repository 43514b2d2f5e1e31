# What a multiply-add buys. Data: $published and $ours: multiply-adds a digit, accuracy, its
# standard deviation over seeds (0: not known), name, members of the ensemble, of $published also
# the side of its label; `headline`.
width = 900
height = 560
heading = 'Test accuracy against the cost of a digit'
load plots.'/style.gp'

set lmargin at screen across(72, 9)
set rmargin at screen 1 - across(40, 2)
set tmargin at screen 1 - up(104, 4)
set bmargin at screen up(64, 3)
set key horizontal at screen 1 - across(32, 2), screen 1 - up(82, 3) right center
set label 3 'wrong (% of test digits)' textcolor rgb ink at screen across(16, 1), \
    screen 1 - up(82, 3)
set xlabel 'multiply-adds a digit, in millions'
set logscale xy
set format x '%g'
set ytics add (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1)
set xrange [0.8:100000]
set yrange [0.14:1.2]
set bars 0.8
wrong(accuracy) = 100 * (1 - accuracy)
name(text, members) = members > 1 ? sprintf('%s ×%d', text, members) : text
at(side, wanted, x) = side eq wanted ? x : NaN
plot $published using ($1 / 1e6):(wrong($2)):(100 * $3) with yerrorbars pointtype 6 pointsize 0.9 \
         linewidth 1.2 linecolor rgb faint title 'published, last checkpoint', \
     $published using (at(strcol(6), 'right', $1 / 1e6)):(wrong($2)):(name(strcol(4), $5)) \
         with labels left offset 0.8, 0.4 textcolor rgb faint font ',8' noenhanced notitle, \
     $published using (at(strcol(6), 'left', $1 / 1e6)):(wrong($2)):(name(strcol(4), $5)) \
         with labels right offset -0.8, -0.4 textcolor rgb faint font ',8' noenhanced notitle, \
     $published using (at(strcol(6), 'low', $1 / 1e6)):(wrong($2)):(name(strcol(4), $5)) \
         with labels left offset 0.8, -2 textcolor rgb faint font ',8' noenhanced notitle, \
     $ours using ($1 / 1e6):(wrong($2)):(100 * $3) with yerrorbars pointtype 7 pointsize 1 \
         linewidth 1.5 linecolor rgb blue title 'ours', \
     $ours using ($5 > 1 ? NaN : $1 / 1e6):(wrong($2)):(name(strcol(4), $5)) \
         with labels left offset 0.8, 0.4 textcolor rgb blue font ',8' noenhanced notitle, \
     $ours using ($5 > 1 ? $1 / 1e6 : NaN):(wrong($2)):(name(strcol(4), $5)) \
         with labels center offset 0.9, 0.7 textcolor rgb blue font ',8' noenhanced notitle
