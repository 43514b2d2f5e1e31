/** Wires the parts of the page together. */

import * as api from './api.js';
import { Answer } from './answer.js';
import { cut, frame, png, render, show, whole } from './canvas.js';
import { connectCorrect } from './correct.js';
import { Drawing } from './drawing.js';
import { Inside } from './inside.js';
import { Live } from './live.js';
import { connectPen } from './pen.js';
import { connectPicker, connectPictures } from './pictures.js';
import { Quality } from './quality.js';
import { picture } from './testset.js';

const $ = (id) => document.getElementById(id);
const LOOK = 250; // ms of rest before the layers are asked for

const drawing = new Drawing();
const answer = new Answer({
    read: $('read'),
    verdict: $('verdict'),
    bars: $('bars'),
    seen: $('seen'),
    boxes: $('boxes'),
    status: $('status'),
});
const inside = new Inside({
    empty: $('inside-empty'),
    content: $('inside-occlusion'),
    occlusion: $('occlusion'),
    filters: $('filters'),
    filtersNote: $('filters-note'),
    layers: $('layers'),
});
const note = (text) => {
    $('note').textContent = text;
};

/* The answer follows the drawing. */

const oneDigit = () => Boolean(drawing.picture?.one) && drawing.steps.length === 1;

async function ask(signal) {
    const version = drawing.version;
    const place = frame(drawing);
    if (drawing.empty) {
        return { version, place, reading: { text: '', digits: [] } };
    }
    const picture = render(drawing);
    const one = oneDigit();
    const reading = await api.predict(await png(picture), { one, signal });
    return { version, place, picture, one, reading };
}

let answered; // the last answer, and the picture it is about

const live = new Live(ask, {
    answer(given) {
        const { version, reading, place } = given;
        if (version !== drawing.version && drawing.empty) {
            return; // wiped meanwhile
        }
        answered = given;
        answer.show(reading, place);
        performance.mark('answer', { detail: version });
    },
    refused(error) {
        answer.show({ text: '', digits: [] }, frame(drawing));
        note(error.message);
    },
    gone(now) {
        $('gone').hidden = !now;
        $('gone').textContent = now
            ? 'The server does not answer. Your drawing is safe; it is sent again as soon as ' +
              'the server is back.'
            : '';
    },
});

let drawn = false; // a frame is due
drawing.addEventListener('change', () => {
    if (!drawn) {
        drawn = true;
        requestAnimationFrame(() => {
            drawn = false;
            show($('sheet'), drawing);
        });
    }
    $('undo').disabled = !drawing.canUndo;
    $('redo').disabled = !drawing.canRedo;
    $('clear').disabled = drawing.steps.length === 0;
    $('hint').hidden = drawing.steps.length > 0;
    live.changed(drawing.version);
});
const settle = () => live.changed(drawing.version, true);

/* Tools. */

const erasing = () => $('eraser').getAttribute('aria-pressed') === 'true';
const actions = {
    undo: () => drawing.undo(),
    redo: () => drawing.redo(),
    clear: () => drawing.wipe(),
    eraser: () => $('eraser').setAttribute('aria-pressed', String(!erasing())),
};
for (const [id, action] of Object.entries(actions)) {
    $(id).addEventListener('click', () => act(action));
}

function act(action) {
    const version = drawing.version;
    action();
    if (drawing.version !== version) {
        note('');
        settle();
    }
}

document.addEventListener('keydown', (event) => {
    const key = event.key.toLowerCase();
    if ($('picker').open || event.altKey) {
        return;
    }
    let action;
    if (event.ctrlKey || event.metaKey) {
        action = { z: event.shiftKey ? actions.redo : actions.undo, y: actions.redo }[key];
    } else if ([$('sheet'), document.body].includes(document.activeElement)) {
        action = { e: actions.eraser, c: actions.clear }[key];
    }
    if (action) {
        event.preventDefault();
        act(action);
    }
});

connectPen($('sheet'), $('cursor'), drawing, {
    tool: () => ({ width: $('width').valueAsNumber * (erasing() ? 1.5 : 1), erase: erasing() }),
    ended: () => {
        performance.mark('stroke');
        settle();
    },
    say: (text) => {
        $('status').textContent = text;
    },
});

/* Pictures. */

function place(given, text) {
    drawing.place(given);
    note(text);
    settle();
}

function placeDigit(digit) {
    place(picture(digit.pixels), `Test digit ${digit.index}, in truth a ${digit.label}.`);
    $('draw').scrollIntoView();
    $('sheet').focus({ preventScroll: true });
}

connectPictures(
    { input: $('file'), button: $('choose'), target: $('paper') },
    {
        placed: (given, name) => place(given, name),
        failed: note,
    },
);
connectPicker(
    {
        open: $('pick'),
        dialog: $('picker'),
        grid: $('picker-grid'),
        more: $('picker-more'),
        note: $('picker-note'),
    },
    placeDigit,
);

/* The digit that the bars are about, alone: to correct it, and to look inside. */

function chosen() {
    const { picture } = answered;
    return answer.reading.digits.length > 1 ? cut(picture, answer.digit.box) : picture;
}

const correct = connectCorrect(
    { consent: $('consent'), labels: $('labels'), note: $('kept') },
    async () => (answer.digit ? png(chosen()) : undefined),
);

let visible = false; // Look inside is on the screen
let due;

function look() {
    clearTimeout(due);
    due = visible ? setTimeout(lookNow, LOOK) : undefined;
}

async function lookNow() {
    const version = drawing.version;
    if (!answer.digit) {
        inside.show({ text: '', digits: [] });
        return;
    }
    const source = chosen();
    const one = answer.reading.digits.length > 1 || answered.one;
    try {
        const reading = await api.predict(await png(source), { one, inside: true });
        if (version === drawing.version) {
            inside.show(reading, source);
        }
    } catch {
        // The banner and the note tell; the next answer asks again.
    }
}

answer.addEventListener('change', () => {
    correct.changed(Boolean(answer.digit));
    look();
});

/* What does not depend on the drawing is fetched when it comes into sight. */

const quality = new Quality(
    {
        note: $('quality-note'),
        content: $('quality-content'),
        accuracy: $('accuracy'),
        facts: $('facts'),
        loss: $('chart-loss'),
        errors: $('chart-errors'),
        matrix: $('matrix'),
        wrong: $('wrong'),
        wrongTitle: $('wrong-title'),
    },
    placeDigit,
);

let filters = false;
async function loadFilters() {
    if (!filters) {
        filters = true;
        try {
            inside.showFilters((await api.model()).filters);
        } catch {
            filters = false; // again when it comes into sight
        }
    }
}

new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    if (visible) {
        loadFilters();
        look();
    }
}).observe($('inside'));
const once = new IntersectionObserver(
    ([entry]) => {
        if (entry.isIntersecting) {
            once.disconnect();
            quality.load();
        }
    },
    { rootMargin: '400px' },
);
once.observe($('quality'));

/* From the shell. */

const address = new URL(`${api.PROGRAMS}predict`, location);
const curl = `curl --data-binary @digit.png -H 'Content-Type: image/png' '${address}'`;
$('curl').textContent = curl;
$('copy').addEventListener('click', async () => {
    try {
        await navigator.clipboard.writeText(curl);
        $('copy').textContent = 'Copied';
    } catch {
        getSelection().selectAllChildren($('curl'));
        $('copy').textContent = 'Press Ctrl+C';
    }
});
$('save').addEventListener('click', async () => {
    const href = URL.createObjectURL(await png(render(drawing, whole(drawing))));
    Object.assign(document.createElement('a'), { href, download: 'digit.png' }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10000);
});

/* Size and theme. */

function repaint() {
    show($('sheet'), drawing);
    answer.repaint();
    inside.repaint();
    quality.repaint();
    look();
}
let width;
new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width !== width) {
        width = contentRect.width;
        repaint();
    }
}).observe($('paper'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
