# The digits that were read wrongly: a frame for the contact sheet of `bin2png --wrong`. Data:
# `picture`, `picture_width`, `picture_height`, `wrong`, `samples`, `headline`; see lib/graph.h.
# Small sheets are enlarged by a whole number, so that their pixels stay square and sharp.
enlarged = picture_width < 800 ? 800 / picture_width : 1
width = enlarged * picture_width + 128
width = width < 640 ? 640 : width
height = enlarged * picture_height + 120
heading = sprintf('%d digit%s that the network reads wrongly', wrong, wrong == 1 ? '' : 's')
load plots.'/style.gp'

set label 3 'what it is > what the network takes it for;  ?: people doubt what it is' \
    textcolor rgb faint at screen across(64, 8), screen up(24, 1)
unset border
unset tics
unset key
unset colorbox
set lmargin at screen across(64, 0)
set rmargin at screen across(64 + enlarged * picture_width, 0)
set tmargin at screen 1 - up(72, 0)
set bmargin at screen up(48, 0)
set xrange [-0.5:picture_width - 0.5]
set yrange [-0.5:picture_height - 0.5]
plot picture binary filetype=png with rgbimage
