/** The answer: the number read, how sure the network is, ten bars, the image that it sees. */

import { SHEET } from './drawing.js';
import { inked, put } from './pixels.js';

const SETTLED = 400; // ms without a new answer before it is spoken
const COUNTS = [
    'No digit',
    'One digit',
    'Two digits',
    'Three digits',
    'Four digits',
    'Five digits',
];

/** 0.9984 as "99.8 %". @param {number} p */
export function percent(p, places = 1) {
    return `${(100 * p).toFixed(places)} %`;
}

function ranked(digit) {
    return digit.probabilities.map((p, label) => ({ p, label })).sort((a, b) => b.p - a.p);
}

/**
 * The reading in plain words.
 * @param {import('./api.js').Reading} reading
 */
export function verdict(reading) {
    const { text, digits } = reading;
    if (digits.length === 0) {
        return 'Draw something.';
    }
    if (digits.length > 1) {
        const count = COUNTS[digits.length] ?? `${digits.length} digits`;
        const unsure = digits.filter((digit) => !digit.sure).length;
        return unsure === 0 ? `${count}, sure of all.` : `${count}; not sure about ${unsure}.`;
    }
    const [first, second] = ranked(digits[0]);
    if (digits[0].sure) {
        return `Sure, ${percent(first.p)}.`;
    }
    const also = `${first.label} (${percent(first.p)}) or ${second.label} (${percent(second.p)})`;
    return text === '?' ? `Not sure what this is: ${also}?` : `Not sure: ${also}?`;
}

export class Answer extends EventTarget {
    /** Which of several digits the bars are about. */
    selected = 0;
    reading = { text: '', digits: [] };
    #page;
    #bars;
    #spoken;

    /**
     * @param {{read: HTMLElement, verdict: HTMLElement, bars: HTMLElement, seen: HTMLCanvasElement,
     *          boxes: HTMLElement, status: HTMLElement}} page
     */
    constructor(page) {
        super();
        this.#page = page;
        this.#bars = Array.from({ length: 10 }, (_, label) => bar(page.bars, label));
        this.#draw();
    }

    /** The digit that the bars are about, if any. */
    get digit() {
        return this.reading.digits[this.selected];
    }

    /**
     * @param {import('./api.js').Reading} reading
     * @param {{x: number, y: number, scale: number}} frame where its pixels lie on the sheet
     */
    show(reading, frame) {
        this.reading = reading;
        this.selected = Math.min(this.selected, Math.max(0, reading.digits.length - 1));
        this.#numbers();
        this.#boxes(frame);
        this.#draw();
        const words = reading.text === '' ? '' : `${reading.text.replaceAll('?', 'unreadable ')}. `;
        clearTimeout(this.#spoken);
        this.#spoken = setTimeout(() => {
            this.#page.status.textContent = words + verdict(reading);
        }, SETTLED);
        this.dispatchEvent(new Event('change'));
    }

    /** In the theme's colours, after it changed. */
    repaint() {
        this.#draw();
    }

    #select(index) {
        this.selected = index;
        this.#draw();
        this.dispatchEvent(new Event('change'));
    }

    /** The number read; where it has several digits, each can be chosen. */
    #numbers() {
        const { read } = this.#page;
        const { text, digits } = this.reading;
        if (read.textContent === text) {
            return;
        }
        const one = (character, i) => {
            const element = document.createElement(digits.length > 1 ? 'button' : 'span');
            element.textContent = character;
            if (digits.length > 1) {
                element.type = 'button';
                element.addEventListener('click', () => this.#select(i));
            }
            return element;
        };
        read.replaceChildren(...[...text].map(one));
        read.dataset.length = text.length > 8 ? 'long' : text.length > 3 ? 'middle' : 'short';
    }

    #boxes({ x, y, scale }) {
        const { digits } = this.reading;
        const place = ({ box, sure }) => {
            const element = document.createElement('i');
            element.classList.toggle('unsure', !sure);
            element.style.left = `${((x + box[0] / scale) / SHEET.width) * 100}%`;
            element.style.top = `${((y + box[1] / scale) / SHEET.height) * 100}%`;
            element.style.width = `${(box[2] / scale / SHEET.width) * 100}%`;
            element.style.height = `${(box[3] / scale / SHEET.height) * 100}%`;
            return element;
        };
        this.#page.boxes.replaceChildren(...(digits.length > 1 ? digits.map(place) : []));
    }

    #draw() {
        const { read, seen, boxes, verdict: words } = this.#page;
        const digit = this.digit;
        words.textContent = verdict(this.reading);
        words.dataset.state = !digit
            ? 'blank'
            : this.reading.digits.every((one) => one.sure)
              ? 'sure'
              : 'unsure';
        for (const [label, { item, fill, value }] of this.#bars.entries()) {
            const p = digit?.probabilities[label] ?? 0;
            fill.style.width = `${100 * p}%`;
            value.textContent = digit ? percent(p) : '';
            item.classList.toggle('best', label === digit?.digit);
        }
        for (const [i, button] of [...read.querySelectorAll('button')].entries()) {
            const said = this.reading.text[i] === '?' ? 'unreadable' : this.reading.text[i];
            button.setAttribute('aria-pressed', String(i === this.selected));
            button.setAttribute('aria-label', `Digit ${i + 1}: ${said}`);
        }
        for (const [i, box] of [...boxes.children].entries()) {
            box.classList.toggle('chosen', i === this.selected);
        }
        const ink = digit?.input?.map((value) => value / 255) ?? new Array(784).fill(0);
        put(seen, ink, 28, inked(seen));
    }
}

function bar(list, label) {
    const item = document.createElement('li');
    const [name, track, value] = ['b', 'span', 'span'].map((tag) => document.createElement(tag));
    const fill = document.createElement('i');
    name.textContent = String(label);
    track.className = 'track';
    value.className = 'value';
    track.append(fill);
    item.append(name, track, value);
    list.append(item);
    return { item, fill, value };
}
