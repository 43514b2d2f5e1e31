/** The predictor's address space, relative to the page, and what its errors mean. */

/** Where the programs are; a server that keeps its CGI in a folder writes "cgi-bin/" there. */
export const PROGRAMS = document.querySelector('meta[name="api"]').content;

/** The server answered, and the answer is no: its own words. */
export class Refused extends Error {}

/** The server did not answer, or is in trouble: worth another try. */
export class Unreachable extends Error {}

async function request(path, options) {
    let response;
    try {
        response = await fetch(path, options);
    } catch (error) {
        if (error.name === 'AbortError') {
            throw error;
        }
        throw new Unreachable('The server does not answer.');
    }
    if (response.status >= 500) {
        throw new Unreachable(`The server is in trouble (${response.status}).`);
    }
    if (!response.ok) {
        const { error } = await response.json().catch(() => ({}));
        throw new Refused(error ?? `The server refused (${response.status}).`);
    }
    return response;
}

/**
 * @typedef {{digit: number, confidence: number, sure: boolean, probabilities: number[],
 *            box: number[], input?: number[]}} Digit
 * @typedef {{name: string, shape: number[], data: string, max: number, min?: number}} Layer
 * @typedef {{text: string, digits: Digit[], layers?: Layer[],
 *            occlusion?: {size: number, patch: number, data: number[]}}} Reading
 */

/**
 * What does this picture say?
 * @param {Blob} png
 * @param {{one?: boolean, inside?: boolean, signal?: AbortSignal}} [options] `one`: all its
 *     ink is a single digit; `inside`: with the first digit's layers and occlusion map
 * @returns {Promise<Reading>}
 */
export async function predict(png, { one, inside, signal } = {}) {
    const query = `input=1${one ? '&one=1' : ''}${inside ? '&layers=1&occlusion=1' : ''}`;
    const headers = { 'Content-Type': 'image/png' };
    const response = await request(`${PROGRAMS}predict?${query}`, {
        method: 'POST',
        headers,
        body: png,
        signal,
    });
    return response.json();
}

/** The model's card and its first filters. */
export async function model() {
    return (await request(`${PROGRAMS}model`)).json();
}

/** Keep a drawing and its true digit. @param {Blob} png @param {number} label */
export async function correct(png, label) {
    const headers = { 'Content-Type': 'image/png', 'X-Consent': 'yes' };
    const response = await request(`${PROGRAMS}correct?label=${label}`, {
        method: 'POST',
        headers,
        body: png,
    });
    return response.json();
}

/** A text file below data/. @param {string} name */
export async function text(name) {
    return (await request(`data/${name}`)).text();
}

/** Bytes [from, to) of a file below data/. @returns {Promise<Uint8Array>} */
export async function bytes(name, from, to) {
    const headers = { Range: `bytes=${from}-${to - 1}` };
    const response = await request(`data/${name}`, { headers });
    const body = new Uint8Array(await response.arrayBuffer());
    return response.status === 206 ? body : body.subarray(from, to);
}
