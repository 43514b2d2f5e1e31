/** The reports of cnn-eval and the metrics of cnn-train: tab-separated text, read into objects. */

function rows(text) {
    return text
        .trim()
        .split('\n')
        .map((line) => line.split('\t'));
}

/**
 * @typedef {{index: number, label: number, predicted: number, confidence: number}} Wrong
 * @param {string} text what cnn-eval wrote
 * @returns {{samples: number, accuracy: number, ece: number, confusion: number[][],
 *            wrong: Wrong[]}}
 */
export function parseReport(text) {
    const report = { samples: 0, accuracy: 0, ece: 0, confusion: [], wrong: [] };
    for (const [name, ...values] of rows(text)) {
        const numbers = values.map(Number);
        if (name === 'confusion') {
            report.confusion[numbers[0]] = numbers.slice(1);
        } else if (name === 'wrong') {
            const [index, label, predicted, confidence] = numbers;
            report.wrong.push({ index, label, predicted, confidence });
        } else if (name in report) {
            report[name] = numbers[0];
        }
    }
    return report;
}

/**
 * @param {string} text what cnn-train printed
 * @returns {Record<string, number>[]} a row a report, by column name; NaN where there is none
 */
export function parseMetrics(text) {
    const [names, ...values] = rows(text);
    return values.map((row) => Object.fromEntries(names.map((name, i) => [name, Number(row[i])])));
}

/**
 * 95 % interval of a share of n, by Wilson's score: it stays inside 0..1 near the ends.
 * Source: E. B. Wilson, J. Amer. Statist. Assoc. 22 (1927) 209.
 * @returns {[number, number]}
 */
export function interval(share, n) {
    const z = 1.96;
    const middle = share + z ** 2 / (2 * n);
    const half = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
    return [middle - half, middle + half].map((value) => value / (1 + z ** 2 / n));
}
