# What all graphs share. plot-metrics sets `format` (png, svg or text), `text_columns` and
# `text_lines`; a graph's script sets `width` and `height` in pixels and `heading`, then loads this.

# Colours that colour-blind people can tell apart. Source: M. Okabe, K. Ito, 2008.
blue = '#0072B2'
vermillion = '#D55E00'
ink = '#222222'
faint = '#666666'
hairline = '#dddddd'

is_text = format eq 'text'
if (format eq 'png') {
    # At twice the size, so that it stays sharp where a page scales it down. Without Cairo the
    # fonts are GD's.
    if (strstrt(' '.GPVAL_TERMINALS.' ', ' pngcairo ')) {
        look = "pngcairo fontscale 2 linewidth 2 pointscale 2 font 'DejaVu Sans,10'"
    } else {
        look = "png truecolor linewidth 2 font 'DejaVuSans,18'"
    }
    eval sprintf("set terminal %s size %d,%d background '#ffffff'", look, 2 * width, 2 * height)
}
if (format eq 'svg') {
    look = "svg dynamic font 'DejaVu Sans, Verdana, sans-serif,13'"
    eval sprintf("set terminal %s size %d,%d background '#ffffff'", look, width, height)
}
if (is_text) {
    eval sprintf("set terminal dumb size %d,%d noenhanced", text_columns, text_lines)
}

# Margins in pixels, or in characters for text.
across(pixels, characters) = is_text ? characters / (1.0 * text_columns) : pixels / (1.0 * width)
up(pixels, characters) = is_text ? characters / (1.0 * text_lines) : pixels / (1.0 * height)

# The title, and under it what the data say.
set label 1 is_text ? heading : '{/:Bold '.heading.'}' textcolor rgb ink \
    at screen across(64, 8), screen 1 - up(24, 1)
set label 2 headline textcolor rgb faint at screen across(64, 8), screen 1 - up(46, 2)

set border 3 linewidth 1 linecolor rgb faint
set tics out nomirror scale 0.6 textcolor rgb ink
set format '%g'
set xlabel textcolor rgb ink
set key textcolor rgb ink
if (!is_text) {
    set grid linetype 1 linewidth 0.5 linecolor rgb hairline
}
