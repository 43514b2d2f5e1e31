/**
 * Live prediction: one request at a time, the newest drawing wins, and while the server is gone the
 * drawing waits and is sent again.
 */

import { Unreachable } from './api.js';

const PAUSE = 40; // ms between two answers while a stroke is drawn
const RETRY = 1000; // ms until a server that did not answer is asked again

export class Live {
    #ask;
    #on;
    #wanted; // version of the newest drawing
    #shown; // version whose answer is on the page
    #busy;
    #timer;

    /**
     * @param {(signal: AbortSignal) => Promise<{version: number}>} ask about the drawing as it is
     * @param {{answer: (answer: object) => void, refused: (error: Error) => void,
     *          gone: (gone: boolean) => void}} on
     */
    constructor(ask, on) {
        this.#ask = ask;
        this.#on = on;
    }

    /** The drawing changed. @param {number} version @param {boolean} [now] a stroke has ended */
    changed(version, now = false) {
        this.#wanted = version;
        if (now) {
            this.#busy?.abort();
            this.#busy = undefined;
            clearTimeout(this.#timer);
            this.#timer = undefined;
            this.#send();
        } else if (!this.#busy && this.#timer === undefined) {
            this.#after(PAUSE);
        }
    }

    #after(delay) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
            this.#timer = undefined;
            this.#send();
        }, delay);
    }

    async #send() {
        const abort = new AbortController();
        const asked = this.#wanted;
        this.#busy = abort;
        try {
            const answer = await this.#ask(abort.signal);
            if (this.#busy === abort) {
                this.#on.gone(false);
                this.#shown = answer.version;
                this.#on.answer(answer);
            }
        } catch (error) {
            if (this.#busy === abort) {
                this.#failed(error, asked);
            }
        }
        if (this.#busy === abort) {
            this.#busy = undefined;
            if (this.#shown !== this.#wanted && this.#timer === undefined) {
                this.#after(PAUSE);
            }
        }
    }

    #failed(error, asked) {
        const gone = error instanceof Unreachable;
        this.#on.gone(gone);
        if (gone) {
            this.#after(RETRY);
        } else {
            this.#shown = asked; // the same picture would be refused again
            this.#on.refused(error);
        }
    }
}
