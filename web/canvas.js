/** Paints a drawing: on the screen in the theme's ink, and into the PNG that the predictor gets. */

import { SHEET } from './drawing.js';
import { greyPng } from './png.js';

/** A picture is sent with at most so many pixels a side: its digits still have hundreds. */
const MAX_SIDE = 1024;

/**
 * Strokes are sent cropped to their ink, which is so many pixels high, between these limits of
 * pixels a unit: a digit alone has about four times the 20 that the network sees. All around there
 * is a margin, which tells what is paper.
 */
const SENT_HEIGHT = 80;
const SENT_SCALE = { least: 0.25, most: 0.5 };
const SENT_MARGIN = 6;

/** Where a picture lies on the sheet: as large as it fits, in the middle. */
function fit({ width, height }) {
    const scale = Math.min(SHEET.width / width, SHEET.height / height);
    const size = { width: width * scale, height: height * scale };
    return { x: (SHEET.width - size.width) / 2, y: (SHEET.height - size.height) / 2, ...size };
}

function around({ left, top, right, bottom }) {
    const { least, most } = SENT_SCALE;
    const scale = Math.min(most, Math.max(least, SENT_HEIGHT / (bottom - top)));
    const whole = (length) => (Math.ceil(length * scale) + 2 * SENT_MARGIN) / scale;
    const [width, height] = [whole(right - left), whole(bottom - top)];
    return { x: (left + right - width) / 2, y: (top + bottom - height) / 2, width, height, scale };
}

/** All of the sheet, or the picture on it, as it is saved. */
export function whole(drawing) {
    return drawing.picture ? frame(drawing) : { x: 0, y: 0, ...SHEET, scale: 1 };
}

/**
 * The part of the sheet that is sent, and how many pixels a unit has there. Around a picture there
 * is no paper: its own border says whether ink is dark or light.
 * @param {import('./drawing.js').Drawing} drawing
 */
export function frame(drawing) {
    const { picture, bounds } = drawing;
    if (!picture) {
        return bounds ? around(bounds) : { x: 0, y: 0, ...SHEET, scale: SENT_SCALE.least };
    }
    const place = fit(picture);
    const longest = Math.max(picture.width, picture.height);
    return { ...place, scale: Math.min(longest, MAX_SIDE) / Math.max(place.width, place.height) };
}

/** A smooth line through the points: quadratic curves between the middles of their segments. */
function trace(context, points) {
    context.beginPath();
    context.moveTo(points[0].x, points[0].y);
    for (let i = 1; i < points.length - 1; i++) {
        const [a, b] = [points[i], points[i + 1]];
        context.quadraticCurveTo(a.x, a.y, (a.x + b.x) / 2, (a.y + b.y) / 2);
    }
    const last = points.at(-1);
    context.lineTo(last.x, last.y);
    context.stroke();
}

/** @param {string} [paper] what the eraser leaves; without it, nothing */
function paint(context, steps, ink, paper) {
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const step of steps) {
        if (step.kind === 'picture') {
            const { x, y, width, height } = fit(step);
            context.imageSmoothingEnabled = step.width > 64; // few pixels are shown as they are
            context.drawImage(step.image, x, y, width, height);
        } else {
            context.globalCompositeOperation =
                step.erase && !paper ? 'destination-out' : 'source-over';
            context.strokeStyle = step.erase && paper ? paper : ink;
            context.lineWidth = step.width;
            trace(context, step.points);
            context.globalCompositeOperation = 'source-over';
        }
    }
}

/**
 * Show the drawing, sharp on any screen.
 * @param {HTMLCanvasElement} canvas
 * @param {import('./drawing.js').Drawing} drawing
 */
export function show(canvas, drawing) {
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round((width * SHEET.height) / SHEET.width);
    if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
    }
    const context = canvas.getContext('2d');
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.scale(width / SHEET.width, height / SHEET.height);
    paint(context, drawing.steps, getComputedStyle(canvas).color);
}

/**
 * What is sent, in black on white whatever the theme; a picture alone is sent as it is.
 * @param {import('./drawing.js').Drawing} drawing
 * @param {{x: number, y: number, width: number, height: number, scale: number}} [place] which part
 *     of the sheet, in how many pixels a unit
 * @returns {OffscreenCanvas | HTMLCanvasElement}
 */
export function render(drawing, place = frame(drawing)) {
    const canvas = blank(
        Math.max(1, Math.round(place.width * place.scale)),
        Math.max(1, Math.round(place.height * place.scale)),
    );
    const opaque = !drawing.picture;
    const context = canvas.getContext('2d', { alpha: !opaque, willReadFrequently: true });
    if (opaque) {
        context.fillStyle = '#fff';
        context.fillRect(0, 0, canvas.width, canvas.height);
    }
    context.scale(canvas.width / place.width, canvas.height / place.height);
    context.translate(-place.x, -place.y);
    context.beginPath();
    context.rect(0, 0, SHEET.width, SHEET.height); // what is beside the sheet was not seen
    context.clip();
    paint(context, drawing.steps, '#000', opaque ? '#fff' : undefined);
    return canvas;
}

/**
 * One digit cut out of what render() gave, with a margin that tells what is paper.
 * @param {number[]} box x, y, width, height in its pixels
 */
export function cut(source, [x, y, width, height]) {
    const margin = Math.ceil(Math.max(width, height) / 4) + 2;
    const canvas = blank(width + 2 * margin, height + 2 * margin);
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    const [paper] = [source.getContext('2d').getImageData(0, 0, 1, 1).data];
    context.fillStyle = paper[3] === 0 ? '#fff' : `rgb(${paper[0]} ${paper[1]} ${paper[2]})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, x, y, width, height, margin, margin, width, height);
    return canvas;
}

/** @returns {Promise<Blob>} */
export async function png(canvas) {
    const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return greyPng(image) ?? encoded(canvas);
}

function encoded(canvas) {
    return canvas.convertToBlob
        ? canvas.convertToBlob({ type: 'image/png' })
        : new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function blank(width, height) {
    return globalThis.OffscreenCanvas
        ? new OffscreenCanvas(width, height)
        : Object.assign(document.createElement('canvas'), { width, height });
}
