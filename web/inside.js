/** Look inside: what each layer makes of the digit, the first filters, and the occlusion map. */

import { balance, image, inked, ramp, tiles } from './pixels.js';

const ORDINALS = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth'];

/** One sentence about a layer: its title and what is to be seen. */
function words(name, [count, height, width], convolutions) {
    const [, kind, number] = name.match(/^([a-z]+)(\d*)/);
    switch (kind) {
        case 'c':
            return [
                `${ORDINALS[convolutions - 1] ?? `${convolutions}th`} convolution`,
                `${count} filters of ${number}×${number} slide over ` +
                    `${convolutions === 1 ? 'the image' : 'all maps before'}; each map shows ` +
                    'where its filter finds what it looks for.',
            ];
        case 'p':
            return [
                'Pooling',
                `Of every ${number}×${number} values only the strongest stays: ` +
                    `${height}×${width} are left, and a small shift no longer matters.`,
            ];
        case 'a':
            return [
                'Average pooling',
                `Every ${number}×${number} values become their mean: ` +
                    `${height}×${width} are left.`,
            ];
        case 'gmp':
            return [
                'Global pooling',
                `The strongest value of each map: ${count} numbers that say ` +
                    'what was found, and no longer where.',
            ];
        case 'gap':
            return [
                'Global pooling',
                `The mean of each map: ${count} numbers that say ` +
                    'how much was found, and no longer where.',
            ];
        case 'drop':
            return [
                'Dropout',
                'Switched off some values during training; ' + 'when reading it changes nothing.',
            ];
        default:
            return count === 10
                ? ['Scores', 'One score for each digit, from 0 to 9; the strongest is the answer.']
                : ['Dense layer', `${count} numbers, each a weighted sum of all values before.`];
    }
}

/** Bytes of base64, as shares of 255. */
function values(base64) {
    return Array.from(atob(base64), (character) => character.charCodeAt(0) / 255);
}

export class Inside {
    #page;
    #layers;
    #filters;

    /**
     * @param {{empty: HTMLElement, content: HTMLElement, occlusion: HTMLCanvasElement,
     *          filters: HTMLCanvasElement, filtersNote: HTMLElement, layers: HTMLElement}} page
     */
    constructor(page) {
        this.#page = page;
    }

    /** The first layer's filters, which are the same whatever is drawn. */
    showFilters({ shape, data }) {
        const { filters, filtersNote } = this.#page;
        this.#filters = { shape, data };
        const most = Math.max(...data.map(Math.abs));
        tiles(
            filters,
            data.map((value) => value / most),
            shape,
            balance(filters),
            50,
        );
        filtersNote.textContent =
            `The ${shape[0]} patterns of ${shape[1]}×${shape[2]} that the first layer looks for, ` +
            'as training left them: orange wants ink, blue wants paper.';
    }

    /**
     * @param {import('./api.js').Reading} reading with layers and occlusion of its first digit
     * @param {CanvasImageSource} drawing from which that digit was read
     */
    show(reading, drawing) {
        const some = reading.digits.length > 0;
        const changed = this.#page.content.hidden === some;
        this.#page.empty.hidden = some;
        this.#page.content.hidden = !some;
        this.#layers = some ? reading.layers : undefined;
        if (changed && this.#filters) {
            this.showFilters(this.#filters); // there is less room beside the occlusion map
        }
        if (!some) {
            this.#page.layers.replaceChildren();
        } else {
            this.#occlusion(reading.occlusion, reading.digits[0], drawing);
            this.#maps(reading.layers);
        }
    }

    /** For another width or theme; the occlusion map waits for the next reading. */
    repaint() {
        if (this.#filters) {
            this.showFilters(this.#filters);
        }
        if (this.#layers) {
            this.#maps(this.#layers);
        }
    }

    /** The map lies over the drawing where the ink of the 28×28 image came from. */
    #occlusion({ size, data }, { input, box }, drawing) {
        const canvas = this.#page.occlusion;
        const ink = input.flatMap((value, i) =>
            value > 0 ? [[i % size, Math.floor(i / size)]] : [],
        );
        const [left, top] = [0, 1].map((axis) => Math.min(...ink.map((at) => at[axis])));
        const [right, bottom] = [0, 1].map((axis) => Math.max(...ink.map((at) => at[axis])) + 1);
        // Pixels of the drawing in one of the image's: the digit's longer side has the better word.
        const unit = Math.max(box[2], box[3]) / Math.max(right - left, bottom - top);
        const middle = [box[0] + box[2] / 2, box[1] + box[3] / 2];
        const [x, y] = [
            middle[0] - ((left + right) / 2) * unit,
            middle[1] - ((top + bottom) / 2) * unit,
        ];

        canvas.width = canvas.height = 280;
        const context = canvas.getContext('2d');
        const most = Math.max(0.05, ...data.map(Math.abs)); // a map of nearly nothing stays pale
        context.drawImage(
            image(
                data.map((value) => value / most),
                size,
                balance(canvas),
            ),
            0,
            0,
            280,
            280,
        );

        const layer = new OffscreenCanvas(280, 280);
        const stencil = layer.getContext('2d');
        const zoom = 280 / (size * unit);
        stencil.drawImage(
            drawing,
            -x * zoom,
            -y * zoom,
            drawing.width * zoom,
            drawing.height * zoom,
        );
        const pixels = stencil.getImageData(0, 0, 280, 280);
        const colour = inked(canvas)(1);
        const corner = stencilPaper(drawing);
        for (let i = 0; i < pixels.data.length; i += 4) {
            const covered = pixels.data[i + 3] / 255;
            const strength = (Math.abs(pixels.data[i] - corner) / 255) * covered;
            pixels.data.set(colour, i);
            pixels.data[i + 3] = 150 * strength;
        }
        stencil.putImageData(pixels, 0, 0);
        context.drawImage(layer, 0, 0);
    }

    #maps(layers) {
        const list = this.#page.layers;
        if (list.children.length !== layers.length) {
            list.replaceChildren(...layers.map(() => entry()));
        }
        let convolutions = 0;
        layers.forEach(({ name, shape, data }, i) => {
            convolutions += name.startsWith('c') ? 1 : 0;
            const [heading, sentence, canvas] = list.children[i].querySelectorAll('h3, p, canvas');
            const [title, text] = words(name, shape, convolutions);
            heading.textContent = title;
            heading.dataset.shape = shape.join(' × ');
            sentence.textContent = text;
            canvas.setAttribute('aria-label', `${shape[0]} maps of ${shape[1]} by ${shape[2]}`);
            tiles(canvas, values(data), shape, ramp(canvas), shape[1] === 1 ? 20 : 48);
        });
    }
}

/** The level of the drawing's paper, told by its corner. */
function stencilPaper(drawing) {
    return drawing.getContext('2d').getImageData(0, 0, 1, 1).data[0];
}

function entry() {
    const item = document.createElement('li');
    const box = document.createElement('div');
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    box.append(canvas);
    item.append(document.createElement('h3'), document.createElement('p'), box);
    return item;
}
