# A digit as a person draws it on a screen: a thick round pen, black on white, not quite in the
# middle. Set `out` to the PNG to write:  gnuplot -e "out = 'drawing.png'" plots/drawing.gp
set terminal pngcairo size 320,400 rounded background "white"
set output out
set margins 0,0,0,0
set xrange [0:320]
set yrange [0:400]
unset border
unset tics
unset key

# Each block is a stroke: the control points of a Bezier curve, in pixels from the bottom left.
$strokes << END
88 268
88 368
232 378
246 272
240 200
150 140
84 92

84 92
130 122
150 64
244 90
END
plot $strokes every :::0::0 smooth bezier with lines linewidth 30 linecolor rgb "#101010", \
     $strokes every :::1::1 smooth bezier with lines linewidth 30 linecolor rgb "#101010"
