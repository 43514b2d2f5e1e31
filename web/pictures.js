/** Pictures from elsewhere: a file chosen, dropped or pasted, or one of the test digits. */

import { count, digits } from './testset.js';
import { image, inked } from './pixels.js';

const SHOWN = 24; // test digits to pick from at a time

/**
 * @param {{input: HTMLInputElement, button: HTMLElement, target: HTMLElement}} page `target`: where
 *     pictures may be dropped
 * @param {{placed: (picture: object, name: string) => void, failed: (text: string) => void}} on
 */
export function connectPictures({ input, button, target }, on) {
    const load = async (file) => {
        try {
            const bitmap = await createImageBitmap(file);
            const { width, height } = bitmap;
            on.placed({ image: bitmap, width, height, one: false }, file.name || 'pasted picture');
        } catch {
            on.failed(`“${file.name || 'This'}” is not a picture that the browser can open.`);
        }
    };
    button.addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
        if (input.files.length > 0) {
            load(input.files[0]);
            input.value = '';
        }
    });
    document.addEventListener('paste', (event) => {
        const file = [...event.clipboardData.files][0];
        if (file) {
            event.preventDefault();
            load(file);
        }
    });
    const carries = (event) => [...event.dataTransfer.types].includes('Files');
    document.addEventListener('dragover', (event) => {
        event.preventDefault(); // a picture dropped beside the paper must not replace the page
        target.classList.toggle('over', carries(event));
    });
    document.addEventListener('dragleave', () => target.classList.remove('over'));
    document.addEventListener('drop', (event) => {
        event.preventDefault();
        target.classList.remove('over');
        const file = [...event.dataTransfer.files][0];
        if (file) {
            load(file);
        }
    });
}

/**
 * A button that is a test digit.
 * @param {{index: number, label: number, pixels: Uint8Array}} digit
 * @param {string} caption shown below, or nothing
 */
export function tile(digit, caption, parent, chosen) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'tile';
    const ink = Array.from(digit.pixels, (value) => value / 255);
    button.append(image(ink, 28, inked(parent)));
    if (caption) {
        button.append(Object.assign(document.createElement('span'), { textContent: caption }));
    }
    button.setAttribute('aria-label', `Test digit ${digit.index}, a ${digit.label}. ${caption}`);
    button.addEventListener('click', () => chosen(digit));
    return button;
}

/**
 * The window in which a test digit is picked.
 * @param {{open: HTMLElement, dialog: HTMLDialogElement, grid: HTMLElement, more: HTMLElement,
 *          note: HTMLElement}} page
 * @param {(digit: {index: number, label: number, pixels: Uint8Array}) => void} placed
 */
export function connectPicker({ open, dialog, grid, more, note }, placed) {
    let total;
    const fill = async () => {
        try {
            total ??= await count();
            const from = Math.floor(Math.random() * (total - SHOWN));
            const some = await digits(from, SHOWN);
            const choose = (digit) => {
                dialog.close();
                placed(digit);
            };
            grid.replaceChildren(...some.map((digit) => tile(digit, '', grid, choose)));
            note.textContent =
                `Digits ${from} to ${from + SHOWN - 1} of the ${total} in MNIST’s test set: ` +
                'none was used in training.';
        } catch (error) {
            note.textContent = `The test digits cannot be shown: ${error.message}`;
        }
    };
    open.addEventListener('click', () => {
        dialog.showModal();
        fill();
    });
    more.addEventListener('click', fill);
    dialog.addEventListener('click', (event) => {
        if (event.target === dialog) {
            dialog.close(); // a click beside it
        }
    });
}
