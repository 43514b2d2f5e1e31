/** Correct it: the true digit, kept with the reader's consent. */

import { correct } from './api.js';

/**
 * @param {{consent: HTMLInputElement, labels: HTMLElement, note: HTMLElement}} page
 * @param {() => Promise<Blob | undefined>} picture of the digit in question, if there is one
 * @returns {{changed: (ready: boolean) => void}} to be told whether there is a digit to correct
 */
export function connectCorrect({ consent, labels, note }, picture) {
    let ready = false;
    const buttons = Array.from({ length: 10 }, (_, label) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = String(label);
        button.setAttribute('aria-label', `It is a ${label}`);
        button.addEventListener('click', () => store(label));
        return button;
    });
    labels.append(...buttons);

    const update = () => {
        for (const button of buttons) {
            button.disabled = !(ready && consent.checked);
        }
    };
    const store = async (label) => {
        try {
            const blob = await picture();
            if (blob) {
                const { stored } = await correct(blob, label);
                note.textContent = `Kept as a ${label}. Drawings kept so far: ${stored}.`;
            }
        } catch (error) {
            note.textContent = `Not kept: ${error.message}`;
        }
    };
    consent.addEventListener('change', update);
    update();
    return {
        changed(now) {
            ready = now;
            note.textContent = '';
            update();
        },
    };
}
