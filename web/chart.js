/** Line charts in SVG. Lines differ in dash as well as in colour, and carry their names. */

const NS = 'http://www.w3.org/2000/svg';
const HEIGHT = 240;
const MARGIN = { top: 28, right: 16, bottom: 42, left: 52 };

/** @returns {SVGElement} */
function svg(name, attributes = {}, text = '') {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) {
        element.setAttribute(key, value);
    }
    element.textContent = text;
    return element;
}

/** Powers of ten with 2 and 5 between, inside [low, high]; few enough to read. */
function ticks(low, high) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
        all.push(...[1, 2, 5].map((n) => n * 10 ** power));
    }
    const inside = all.filter((value) => value >= low * 0.999 && value <= high * 1.001);
    const tens = inside.filter((value) => /^[-+.0]*1/.test(value.toExponential()));
    return inside.length > 7 && tens.length > 1 ? tens : inside;
}

/** About five round numbers from 0 to high. */
function steps(high) {
    const power = 10 ** Math.floor(Math.log10(high / 4));
    const step = power * [1, 2, 5, 10].find((n) => n * power >= high / 5);
    return Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step);
}

/**
 * Draw into an element, as wide as it is; y is logarithmic.
 * @param {HTMLElement} parent
 * @param {{title: string, x: string, y: string,
 *          lines: {name: string, points: [number, number][]}[]}} chart
 */
export function draw(parent, { title, x, y, lines }) {
    const width = Math.max(240, parent.clientWidth);
    const points = lines.flatMap((line) => line.points);
    const right = Math.max(...points.map((point) => point[0]));
    const low = Math.min(...points.map((point) => point[1])) / 1.15;
    const high = Math.max(...points.map((point) => point[1])) * 1.15;
    const across = (value) => MARGIN.left + (value / right) * (width - MARGIN.left - MARGIN.right);
    const up = (value) =>
        MARGIN.top +
        (Math.log(high / value) / Math.log(high / low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);

    const root = svg('svg', { width, height: HEIGHT, role: 'img', class: 'chart' });
    const last = lines.map(
        ({ name, points: [...p] }) => `${name} ends at ${p.at(-1)[1].toPrecision(3)}`,
    );
    root.setAttribute('aria-label', `${title}: ${last.join(', ')}.`);
    for (const value of ticks(low, high)) {
        const label = String(Number(value.toPrecision(2)));
        root.append(
            svg('line', {
                x1: MARGIN.left,
                x2: width - MARGIN.right,
                y1: up(value),
                y2: up(value),
            }),
            svg('text', { x: MARGIN.left - 8, y: up(value) + 4, class: 'end' }, label),
        );
    }
    for (const value of steps(right)) {
        const label = String(Number(value.toPrecision(3)));
        root.append(svg('text', { x: across(value), y: HEIGHT - 22, class: 'middle' }, label));
    }
    root.append(
        svg('text', { x: width - MARGIN.right, y: HEIGHT - 5, class: 'end' }, x),
        svg('text', { x: 0, y: 12 }, y),
    );
    lines.forEach((line, i) => {
        const path = line.points.map(([a, b]) => `${across(a).toFixed(1)},${up(b).toFixed(1)}`);
        root.append(svg('polyline', { points: path.join(' '), class: `line${i}` }));
        const key = width - MARGIN.right - 105 * (lines.length - i);
        root.append(
            svg('polyline', { points: `${key},8 ${key + 26},8`, class: `line${i}` }),
            svg('text', { x: key + 34, y: 12 }, line.name),
        );
    });
    parent.replaceChildren(root);
}
