/** Mouse, finger, pen and keyboard: all become strokes of the drawing. */

import { SHEET } from './drawing.js';

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 10; // units of the sheet that an arrow key moves; with Shift, more
const STRIDE = 40;

/**
 * @param {HTMLCanvasElement} canvas where to draw
 * @param {HTMLElement} cursor shows where the keyboard's pen is
 * @param {import('./drawing.js').Drawing} drawing
 * @param {{tool: () => {width: number, erase: boolean}, ended: () => void,
 *          say: (text: string) => void}} on
 */
export function connectPen(canvas, cursor, drawing, on) {
    const position = (event) => {
        const area = canvas.getBoundingClientRect();
        return {
            x: ((event.clientX - area.left) / area.width) * SHEET.width,
            y: ((event.clientY - area.top) / area.height) * SHEET.height,
        };
    };
    let pointer; // one at a time: a resting palm draws nothing

    canvas.addEventListener('pointerdown', (event) => {
        if (pointer !== undefined || event.button !== 0) {
            return;
        }
        keyboard.lift();
        pointer = event.pointerId;
        canvas.setPointerCapture(pointer);
        const { width, erase } = on.tool();
        drawing.begin(position(event), width, erase);
    });
    canvas.addEventListener('pointermove', (event) => {
        if (event.pointerId === pointer) {
            const events = event.getCoalescedEvents?.() ?? [];
            drawing.extend((events.length ? events : [event]).map(position));
        }
    });
    for (const type of ['pointerup', 'pointercancel', 'lostpointercapture']) {
        canvas.addEventListener(type, (event) => {
            if (event.pointerId === pointer) {
                pointer = undefined;
                on.ended();
            }
        });
    }

    const keyboard = connectKeyboard(canvas, cursor, drawing, on);
}

function connectKeyboard(canvas, cursor, drawing, on) {
    const at = { x: SHEET.width / 2, y: SHEET.height / 4 };
    const held = new Set();
    let down = false;

    const move = () => {
        cursor.style.left = `${(at.x / SHEET.width) * 100}%`;
        cursor.style.top = `${(at.y / SHEET.height) * 100}%`;
        cursor.hidden = false;
        cursor.classList.toggle('down', down);
    };
    const lift = () => {
        if (down) {
            down = false;
            on.ended();
        }
        cursor.hidden = true;
    };

    canvas.addEventListener('keydown', (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        if (event.key === ' ') {
            down = !down;
            if (down) {
                const { width, erase } = on.tool();
                drawing.begin({ ...at }, width, erase);
            } else {
                on.ended();
            }
            on.say(down ? 'Pen down' : 'Pen up');
        } else if (event.key === 'Escape' && !cursor.hidden) {
            lift();
            on.say('Pen up');
            return;
        } else if (ARROWS[event.key]) {
            held.add(event.key);
            const step = event.shiftKey ? STRIDE : STEP;
            for (const key of held) {
                at.x = Math.min(SHEET.width, Math.max(0, at.x + ARROWS[key][0] * step));
                at.y = Math.min(SHEET.height, Math.max(0, at.y + ARROWS[key][1] * step));
            }
            if (down && !drawing.extend([{ ...at }])) {
                lift();
            }
        } else {
            return;
        }
        event.preventDefault();
        move();
    });
    canvas.addEventListener('keyup', (event) => held.delete(event.key));
    canvas.addEventListener('blur', () => {
        held.clear();
        lift();
    });
    return { lift };
}
