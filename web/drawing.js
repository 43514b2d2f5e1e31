/**
 * The drawing: a list of strokes, pictures and wipes, so that every step can be undone. No pixels
 * and no page here.
 *
 * Lengths are in units of the sheet, which is SHEET.width by SHEET.height whatever its size on the
 * screen.
 */

export const SHEET = Object.freeze({ width: 640, height: 480 });

/**
 * @typedef {{x: number, y: number}} Point
 * @typedef {{kind: 'stroke', points: Point[], width: number, erase: boolean}} Stroke
 * @typedef {{kind: 'picture', image: CanvasImageSource, width: number, height: number,
 *            one: boolean}} Picture  `one`: it is known to hold a single digit
 * @typedef {Stroke | Picture | {kind: 'wipe'}} Step
 */

export class Drawing extends EventTarget {
    /** @type {Step[]} */ #done = [];
    /** @type {Step[]} */ #undone = [];
    /** @type {Stroke | undefined} */ #begun;
    /** Counts every change: an answer belongs to the drawing whose version it carries. */
    version = 0;

    /** What is to be seen: the steps since the last wipe. @returns {Step[]} */
    get steps() {
        return this.#done.slice(this.#done.findLastIndex((step) => step.kind === 'wipe') + 1);
    }

    /** The picture under the strokes, if there is one. @returns {Picture | undefined} */
    get picture() {
        return this.steps.find((step) => step.kind === 'picture');
    }

    /** Nothing but paper (or strokes of the eraser). */
    get empty() {
        return !this.steps.some((step) => step.kind === 'picture' || !step.erase);
    }

    /**
     * The box around all strokes but the eraser's, as far as it lies on the sheet.
     * @returns {{left: number, top: number, right: number, bottom: number} | undefined}
     */
    get bounds() {
        let [left, top, right, bottom] = [SHEET.width, SHEET.height, 0, 0];
        for (const step of this.steps) {
            if (step.kind === 'stroke' && !step.erase) {
                const reach = step.width / 2;
                for (const { x, y } of step.points) {
                    left = Math.min(left, x - reach);
                    top = Math.min(top, y - reach);
                    right = Math.max(right, x + reach);
                    bottom = Math.max(bottom, y + reach);
                }
            }
        }
        [left, top] = [Math.max(0, left), Math.max(0, top)];
        [right, bottom] = [Math.min(SHEET.width, right), Math.min(SHEET.height, bottom)];
        return left < right && top < bottom ? { left, top, right, bottom } : undefined;
    }

    get canUndo() {
        return this.#done.length > 0;
    }

    get canRedo() {
        return this.#undone.length > 0;
    }

    /** Put the pen down. @param {Point} point @param {number} width @param {boolean} erase */
    begin(point, width, erase) {
        this.#begun = { kind: 'stroke', points: [point], width, erase };
        this.#push(this.#begun);
    }

    /**
     * Go on with the stroke that was begun last. One that was undone, wiped or drawn over meanwhile
     * has ended, and the one before it is none of the pen's business.
     * @param {Point[]} points @returns {boolean} whether it goes on
     */
    extend(points) {
        const open = this.#begun !== undefined && this.#done.at(-1) === this.#begun;
        if (open) {
            this.#begun.points.push(...points);
            this.#changed();
        } else {
            this.#begun = undefined; // for good, even if it comes back by redo
        }
        return open;
    }

    /** Replace everything by a picture. @param {Omit<Picture, 'kind'>} picture */
    place(picture) {
        if (!this.empty) {
            this.#done.push({ kind: 'wipe' });
        }
        this.#push({ kind: 'picture', ...picture });
    }

    wipe() {
        if (this.steps.length > 0) {
            this.#push({ kind: 'wipe' });
        }
    }

    undo() {
        this.#move(this.#done, this.#undone);
    }

    redo() {
        this.#move(this.#undone, this.#done);
    }

    #move(from, to) {
        const step = from.pop();
        if (step) {
            to.push(step);
            this.#changed();
        }
    }

    #push(step) {
        this.#done.push(step);
        this.#undone = [];
        this.#changed();
    }

    #changed() {
        this.version++;
        this.dispatchEvent(new Event('change'));
    }
}
