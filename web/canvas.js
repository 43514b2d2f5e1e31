/** Paints a drawing: on the screen in the theme's ink, and into the PNG that the predictor gets. */

import { SHEET } from './drawing.js';

/** A picture is sent with at most so many pixels a side: its digits still have hundreds. */
const MAX_SIDE = 1024;

/** Pixels a unit when strokes are sent: a digit has ten times the 20 that the network sees. */
const SENT_SCALE = 0.5;

/** Where a picture lies on the sheet: as large as it fits, in the middle. */
function fit({ width, height }) {
    const scale = Math.min(SHEET.width / width, SHEET.height / height);
    const size = { width: width * scale, height: height * scale };
    return { x: (SHEET.width - size.width) / 2, y: (SHEET.height - size.height) / 2, ...size };
}

/**
 * The part of the sheet that is sent, and how many pixels a unit has there. Around a picture there
 * is no paper: its own border says whether ink is dark or light.
 * @param {import('./drawing.js').Drawing} drawing
 */
export function frame(drawing) {
    const picture = drawing.picture;
    if (!picture) {
        return { x: 0, y: 0, ...SHEET, scale: SENT_SCALE };
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

function paint(context, steps, ink) {
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.strokeStyle = ink;
    for (const step of steps) {
        if (step.kind === 'picture') {
            const { x, y, width, height } = fit(step);
            context.imageSmoothingEnabled = step.width > 64; // few pixels are shown as they are
            context.drawImage(step.image, x, y, width, height);
        } else {
            context.globalCompositeOperation = step.erase ? 'destination-out' : 'source-over';
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
 * @returns {OffscreenCanvas | HTMLCanvasElement}
 */
export function render(drawing) {
    const { x, y, width, height, scale } = frame(drawing);
    const canvas = blank(
        Math.max(1, Math.round(width * scale)),
        Math.max(1, Math.round(height * scale)),
    );
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.scale(canvas.width / width, canvas.height / height);
    context.translate(-x, -y);
    paint(context, drawing.steps, '#000');
    if (!drawing.picture) {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.globalCompositeOperation = 'destination-over';
        context.fillStyle = '#fff';
        context.fillRect(0, 0, canvas.width, canvas.height);
    }
    return canvas;
}

/**
 * One digit cut out of what render() gave, with a margin that tells what is paper.
 * @param {number[]} box x, y, width, height in its pixels
 */
export function cut(source, [x, y, width, height]) {
    const margin = Math.ceil(Math.max(width, height) / 4) + 2;
    const canvas = blank(width + 2 * margin, height + 2 * margin);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const [paper] = [source.getContext('2d').getImageData(0, 0, 1, 1).data];
    context.fillStyle = paper[3] === 0 ? '#fff' : `rgb(${paper[0]} ${paper[1]} ${paper[2]})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, x, y, width, height, margin, margin, width, height);
    return canvas;
}

/** @returns {Promise<Blob>} */
export function png(canvas) {
    return canvas.convertToBlob
        ? canvas.convertToBlob({ type: 'image/png' })
        : new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

function blank(width, height) {
    return globalThis.OffscreenCanvas
        ? new OffscreenCanvas(width, height)
        : Object.assign(document.createElement('canvas'), { width, height });
}
