// How a person writes the ten digits: each stroke as pieces, smooth inside, with corners between.
// A digit is about 100 wide and 140 high.
const DIGITS = [
    [[[[62, 12], [38, 14], [20, 45], [18, 92], [40, 130], [68, 122], [84, 80], [80, 36],
        [60, 11]]]],
    [[[[56, 8], [53, 70], [49, 134]]]],
    [[[[18, 38], [34, 13], [62, 11], [78, 36], [66, 66], [40, 100], [16, 128]], [[16, 128],
        [88, 125]]]],
    [[[[20, 24], [46, 9], [73, 22], [69, 48], [40, 63]], [[40, 63], [74, 72], [81, 103],
        [52, 131], [17, 116]]]],
    [[[[50, 8], [31, 48], [12, 86]], [[12, 86], [90, 82]]], [[[68, 46], [65, 92], [62, 136]]]],
    [[[[28, 15], [24, 62]], [[24, 62], [55, 53], [81, 76], [74, 112], [43, 131], [14, 118]]],
        [[[28, 15], [84, 12]]]],
    [[[[68, 8], [40, 34], [22, 78], [29, 120], [56, 131], [78, 106], [63, 79], [36, 86],
        [24, 106]]]],
    [[[[15, 17], [85, 13]], [[85, 13], [62, 66], [46, 133]]]],
    [[[[71, 26], [50, 10], [29, 24], [37, 51], [62, 74], [76, 103], [51, 131], [26, 109],
        [38, 76], [63, 48], [71, 26]]]],
    [[[[76, 30], [52, 11], [26, 36], [38, 66], [64, 57], [77, 30]], [[77, 30], [74, 78],
        [63, 134]]]],
];
const EACH = 6; // points between two given ones

/** A smooth curve through the points (Catmull-Rom). */
function smooth(points) {
    const at = (i) => points[Math.min(points.length - 1, Math.max(0, i))];
    const curve = [points[0]];
    for (let i = 0; i + 1 < points.length; i++) {
        for (let k = 1; k <= EACH; k++) {
            const t = k / EACH;
            curve.push(
                [0, 1].map((axis) => {
                    const [a, b, c, d] = [-1, 0, 1, 2].map((j) => at(i + j)[axis]);
                    return (
                        b +
                        (t / 2) *
                            (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
                    );
                }),
            );
        }
    }
    return curve;
}

/** A hand trembles; the same each time. */
function tremble([x, y], i) {
    return [x + 0.7 * Math.sin(2.3 * i + y / 17), y + 0.7 * Math.cos(1.9 * i + x / 13)];
}

/**
 * The strokes of a digit, on the sheet of 640 by 480.
 * @param {number} digit @param {{x?: number, y?: number, scale?: number}} [place] of its middle
 * @returns {[number, number][][]}
 */
export function strokes(digit, { x = 320, y = 240, scale = 2.4 } = {}) {
    return DIGITS[digit].map((pieces) =>
        pieces
            .flatMap(smooth)
            .map(tremble)
            .map(([a, b]) => [x + (a - 50) * scale, y + (b - 70) * scale]),
    );
}

/** Criss-cross over the whole sheet: no digit at all. */
export function scribble() {
    const zigzag = Array.from({ length: 9 }, (_, i) => [120 + 50 * i, i % 2 ? 90 : 390]);
    const back = Array.from({ length: 9 }, (_, i) => [i % 2 ? 100 : 540, 380 - 36 * i]);
    return [smooth(zigzag), smooth(back)];
}
