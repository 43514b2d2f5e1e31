/** Arrays of numbers as small images, in the colours of the theme. */

/** A colour of the page by its name in page.css, such as "--ink". @returns {number[]} r, g, b */
function colour(element, name) {
    const hex = getComputedStyle(element).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
}

function mix(a, b, share) {
    return a.map((value, i) => value + (b[i] - value) * share);
}

/** Ramp for 0..1: from paper through the accent to ink. */
export function ramp(element) {
    const [paper, middle, ink] = ['--tile', '--ramp', '--ink'].map((n) => colour(element, n));
    return (t) => (t < 0.6 ? mix(paper, middle, t / 0.6) : mix(middle, ink, (t - 0.6) / 0.4));
}

/** Ramp for -1..1: cool, paper, warm; blue and orange, which everybody can tell apart. */
export function balance(element) {
    const [cool, paper, warm] = ['--cool', '--tile', '--warm'].map((n) => colour(element, n));
    return (t) => mix(paper, t < 0 ? cool : warm, Math.min(1, Math.abs(t)));
}

/** Plain ink on paper for 0..1. */
export function inked(element) {
    const [paper, ink] = ['--paper', '--ink'].map((name) => colour(element, name));
    return (t) => mix(paper, ink, t);
}

/**
 * An image of one pixel a value.
 * @param {ArrayLike<number>} values row by row @param {number} width
 * @param {(value: number) => number[]} paint colour of a value
 */
export function image(values, width, paint) {
    const data = new ImageData(width, values.length / width);
    for (let i = 0; i < values.length; i++) {
        data.data.set(paint(values[i]), 4 * i);
        data.data[4 * i + 3] = 255;
    }
    const canvas = document.createElement('canvas');
    canvas.width = data.width;
    canvas.height = data.height;
    canvas.getContext('2d').putImageData(data, 0, 0);
    return canvas;
}

/** Put a single image into a canvas, whose size on the screen is the style sheet's matter. */
export function put(canvas, values, width, paint) {
    const source = image(values, width, paint);
    canvas.width = source.width;
    canvas.height = source.height;
    canvas.getContext('2d').drawImage(source, 0, 0);
}

const MOST_ROWS = 8; // of tiles: a reader with a narrow screen must scroll past them

/**
 * Many images of one size as tiles, as many in a row as the canvas's parent is wide;
 * smaller where it is narrow.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values [tiles,height,width]
 * @param {number[]} shape tiles, height, width
 * @param {(value: number) => number[]} paint
 * @param {number} size of a tile on the screen, about
 */
export function tiles(canvas, values, [count, height, width], paint, size) {
    const room = canvas.parentElement.clientWidth;
    let zoom = Math.max(1, Math.round((room < 480 ? 0.7 * size : size) / width)) + 1;
    let gap, step, columns, rows;
    do {
        zoom--;
        gap = Math.max(3, Math.round((zoom * width) / 12));
        step = zoom * width + gap;
        columns = Math.max(1, Math.min(count, Math.floor((room + gap) / step)));
        rows = Math.ceil(count / columns);
    } while (rows > MOST_ROWS && zoom > 1);
    canvas.width = columns * step - gap;
    canvas.height = rows * (zoom * height + gap) - gap;
    canvas.style.width = `${canvas.width}px`;
    const context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    for (let i = 0; i < count; i++) {
        const one = values.slice(i * width * height, (i + 1) * width * height);
        const x = (i % columns) * step;
        const y = Math.floor(i / columns) * (zoom * height + gap);
        context.drawImage(image(one, width, paint), x, y, zoom * width, zoom * height);
    }
}
