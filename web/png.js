/**
 * A small picture without colour as PNG: eight bits of grey a pixel, not compressed, and there at
 * once. A browser's own encoder writes four bytes a pixel of any canvas, which both sides pay for.
 */

const MOST = 65535; // bytes of a stored block

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
        remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
    }
    return remainder;
});

function crc32(bytes) {
    let crc = -1;
    for (const byte of bytes) {
        crc = (crc >>> 8) ^ REMAINDERS[(crc ^ byte) & 255];
    }
    return ~crc;
}

function adler32(bytes) {
    let [low, high] = [1, 0];
    for (const byte of bytes) {
        low = (low + byte) % 65521;
        high = (high + low) % 65521;
    }
    return (high << 16) | low;
}

const word = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

function chunk(name, data) {
    const bytes = new Uint8Array(4 + data.length);
    bytes.set(new TextEncoder().encode(name));
    bytes.set(data, 4);
    return [Uint8Array.from(word(data.length)), bytes, Uint8Array.from(word(crc32(bytes)))];
}

/** A zlib stream of a single stored block. */
function stored(bytes) {
    const [low, high] = [bytes.length & 255, bytes.length >>> 8];
    const stream = new Uint8Array(bytes.length + 11);
    stream.set([0x78, 0x01, 1, low, high, low ^ 255, high ^ 255]);
    stream.set(bytes, 7);
    stream.set(word(adler32(bytes)), bytes.length + 7);
    return stream;
}

/**
 * @param {ImageData} image
 * @returns {Blob | undefined} nothing where it has colour or transparency, or is larger
 */
export function greyPng({ data, width, height }) {
    if ((width + 1) * height > MOST) {
        return undefined;
    }
    const rows = new Uint8Array((width + 1) * height); // each begins with its filter: none
    for (let y = 0, at = 0; y < height; y++) {
        for (let x = 0; x < width; x++, at += 4) {
            const [red, green, blue, alpha] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
            if (red !== green || red !== blue || alpha !== 255) {
                return undefined;
            }
            rows[y * (width + 1) + 1 + x] = red;
        }
    }
    const header = [...word(width), ...word(height), 8, 0, 0, 0, 0];
    const parts = [
        Uint8Array.from(SIGNATURE),
        ...chunk('IHDR', header),
        ...chunk('IDAT', stored(rows)),
        ...chunk('IEND', []),
    ];
    return new Blob(parts, { type: 'image/png' });
}
