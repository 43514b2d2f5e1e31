/** How good is it: accuracy, curves, and the confusion matrix with the wrong digits. */

import { text } from './api.js';
import { percent } from './answer.js';
import { draw } from './chart.js';
import { tile } from './pictures.js';
import { interval, parseMetrics, parseReport } from './report.js';
import { digits } from './testset.js';

export class Quality {
    #page;
    #placed;
    #metrics = [];
    #report;
    #opened;

    /**
     * @param {{note: HTMLElement, content: HTMLElement, accuracy: HTMLElement, facts: HTMLElement,
     *          loss: HTMLElement, errors: HTMLElement, matrix: HTMLTableElement,
     *          wrong: HTMLElement, wrongTitle: HTMLElement}} page
     * @param {(digit: {index: number, label: number, pixels: Uint8Array}) => void} placed a wrong
     *     digit was chosen
     */
    constructor(page, placed) {
        this.#page = page;
        this.#placed = placed;
    }

    async load() {
        try {
            this.#report = parseReport(await text('report.tsv'));
            this.#summary();
            this.#matrix();
            this.#page.content.hidden = false;
            this.#metrics = parseMetrics(await text('metrics.tsv'));
            this.repaint();
            this.#page.note.hidden = true;
        } catch {
            this.#page.note.textContent =
                'The figures are not there yet. ' +
                '“make serve” makes them with cnn-eval before it starts.';
            this.#page.note.hidden = false;
        }
    }

    /** For another width. */
    repaint() {
        const { loss, errors } = this.#page;
        if (this.#metrics.length === 0) {
            return;
        }
        const line = (name, column, value) => ({
            name,
            points: this.#metrics
                .map((row) => [row.epoch, value(row[column])])
                .filter((point) => point[1] > 0),
        });
        const chart = (parent, title, y, lines) => {
            const some = lines.filter(({ points }) => points.length > 0);
            draw(parent, { title, x: 'looks at the training digits', y, lines: some });
        };
        chart(loss, 'Loss', 'loss', [
            line('training', 'loss', (value) => value),
            line('validation', 'val_loss', (value) => value),
        ]);
        chart(errors, 'Wrong digits', '% wrong', [
            line('training', 'accuracy', (value) => 100 * (1 - value)),
            line('validation', 'val_accuracy', (value) => 100 * (1 - value)),
        ]);
    }

    #summary() {
        const { samples, accuracy, ece, wrong } = this.#report;
        const [low, high] = interval(accuracy, samples).map((value) => percent(value, 2));
        const [many, right] = [samples, samples - wrong.length].map((n) => n.toLocaleString('en'));
        this.#page.accuracy.textContent = percent(accuracy, 2);
        this.#page.facts.textContent =
            `It read ${right} of ${many} test digits right, none of which was used in training. ` +
            'For digits of this kind the true rate lies, with 95 % confidence, ' +
            `between ${low} and ${high}. ` +
            `When it names a probability, that is off by ${percent(ece)} on average.`;
    }

    #matrix() {
        const { confusion, wrong } = this.#report;
        const most = Math.max(1, ...confusion.flatMap((row, i) => row.filter((_, j) => j !== i)));
        const head = this.#page.matrix.tHead.rows[0];
        const body = this.#page.matrix.tBodies[0];
        confusion.forEach((row, label) => {
            head.append(heading(label, 'col'));
            const line = body.insertRow();
            line.append(heading(label, 'row'));
            row.forEach((n, predicted) => {
                const cell = line.insertCell();
                if (label === predicted) {
                    cell.className = 'right';
                    cell.textContent = String(n);
                } else if (n > 0) {
                    const shade = Math.ceil((4 * Math.log(n + 1)) / Math.log(most + 1));
                    cell.className = `shade${shade}`;
                    const those = wrong.filter(
                        (w) => w.label === label && w.predicted === predicted,
                    );
                    cell.append(this.#opener(n, label, predicted, those));
                }
            });
        });
        const openers = [...this.#page.matrix.querySelectorAll('button')];
        openers.sort((a, b) => b.textContent - a.textContent)[0]?.click(); // the most frequent
    }

    #opener(n, label, predicted, those) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = String(n);
        button.setAttribute('aria-label', `${n} of the digit ${label} read as ${predicted}: show`);
        button.addEventListener('click', () => {
            this.#page.wrong.replaceChildren();
            this.#page.matrix.querySelector('[aria-pressed]')?.removeAttribute('aria-pressed');
            button.setAttribute('aria-pressed', 'true');
            this.#open(label, predicted, those);
        });
        return button;
    }

    async #open(label, predicted, those) {
        const { wrong, wrongTitle } = this.#page;
        this.#opened = those;
        try {
            const all = await Promise.all(those.map(({ index }) => digits(index, 1)));
            const shown = all.map(([digit], i) =>
                tile(
                    digit,
                    `${predicted}, ${percent(those[i].confidence, 0)}`,
                    wrong,
                    this.#placed,
                ),
            );
            if (those !== this.#opened) {
                return; // another number was chosen meanwhile
            }
            wrongTitle.textContent =
                `The digit ${label}, read as ${predicted}. ` + 'Choose one to look inside.';
            wrong.replaceChildren(...shown);
        } catch (error) {
            wrongTitle.textContent = `The digits cannot be shown: ${error.message}`;
        }
    }
}

function heading(label, scope) {
    const element = document.createElement('th');
    element.scope = scope;
    element.textContent = String(label);
    return element;
}
