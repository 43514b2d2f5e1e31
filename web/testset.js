/** The test digits, fetched a few at a time out of MNIST's own IDX files. */

import { bytes } from './api.js';

const HEADER = { images: 16, labels: 8 }; // bytes before the first image and the first label
const PIXELS = 28 * 28;

/** @returns {Promise<number>} how many test digits there are */
export async function count() {
    const header = await bytes('test-labels.idx', 0, HEADER.labels);
    return new DataView(header.buffer, header.byteOffset).getUint32(4);
}

/**
 * Digits [from, from + n).
 * @returns {Promise<{index: number, label: number, pixels: Uint8Array}[]>} pixels: 255 = ink
 */
export async function digits(from, n) {
    const start = HEADER.images + from * PIXELS;
    const [images, labels] = await Promise.all([
        bytes('test-images.idx', start, start + n * PIXELS),
        bytes('test-labels.idx', HEADER.labels + from, HEADER.labels + from + n),
    ]);
    return Array.from(labels, (label, i) => ({
        index: from + i,
        label,
        pixels: images.subarray(i * PIXELS, (i + 1) * PIXELS),
    }));
}

/** As a picture for the drawing: black on white, known to be one digit. */
export function picture(pixels) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 28;
    const data = new ImageData(28, 28);
    pixels.forEach((ink, i) => data.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * i));
    canvas.getContext('2d').putImageData(data, 0, 0);
    return { image: canvas, width: 28, height: 28, one: true };
}
