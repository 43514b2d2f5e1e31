// Drawing: by mouse, finger and keyboard, and the answer that follows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { draw, onPage, says, server, touch } from './harness.mjs';
import { scribble, strokes } from './strokes.mjs';

const clear = (page) => page.locator('#clear').click();
const place = [180, 460].map((x) => ({ x, y: 240, scale: 1.9 }));

for (let digit = 0; digit < 10; digit++) {
    onPage(`a ${digit} drawn with the mouse is read`, async (page) => {
        await draw(page, strokes(digit));
        await says(page, '#read', String(digit));
        await says(page, '#bars .best b', String(digit)); // an answer may still be on its way
    });
    onPage(
        `a ${digit} drawn with a finger is read`,
        async (page) => {
            await touch(page, strokes(digit));
            await says(page, '#read', String(digit));
            assert.equal(await page.evaluate(() => scrollY), 0);
        },
        { page: { hasTouch: true, isMobile: true, viewport: { width: 412, height: 915 } } },
    );
}

onPage(
    'the answer follows while the stroke is drawn, and is there soon after it',
    async (page, t) => {
        await page.evaluate(() => {
            window.answers = [];
            new PerformanceObserver((list) =>
                window.answers.push(...list.getEntriesByName('answer')),
            ).observe({ type: 'mark' });
        });
        const delays = [];
        for (let i = 0; i < 7; i++) {
            const before = await page.evaluate(() => window.answers.length);
            await draw(page, strokes(7));
            await page.waitForFunction(
                () =>
                    performance.getEntriesByName('answer').at(-1)?.startTime >
                    performance.getEntriesByName('stroke').at(-1)?.startTime,
            );
            assert.ok((await page.evaluate(() => window.answers.length)) > before + 1);
            delays.push(
                await page.evaluate(
                    () =>
                        performance.getEntriesByName('answer').at(-1).startTime -
                        performance.getEntriesByName('stroke').at(-1).startTime,
                ),
            );
            await clear(page);
            await says(page, '#read', '');
        }
        delays.sort((a, b) => a - b);
        t.diagnostic(
            `answer after the stroke's end: median ${delays[3].toFixed(0)} ms, ` +
                `worst ${delays[6].toFixed(0)} ms`,
        );
    },
);

onPage('what is sent is small and grey, and what tests/bench/web.sh posts', async (page) => {
    await page.evaluate(() => {
        const send = window.fetch;
        window.fetch = (path, options) => {
            window.sent = options?.body;
            return send(path, options);
        };
    });
    await draw(page, strokes(2));
    await says(page, '#read', '2');
    await page.waitForTimeout(200); // the last one is on its way
    const png = Buffer.from(
        await page.evaluate(async () => [...new Uint8Array(await window.sent.arrayBuffer())]),
    );
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    assert.ok(width < 80 && height < 100, `${width}×${height}`);
    assert.deepEqual([...png.subarray(24, 29)], [8, 0, 0, 0, 0]); // 8 bits of grey
    const rows = inflateSync(png.subarray(41, png.length - 16)); // checks the sum
    assert.equal(rows.length, height * (width + 1));
    const posted = readFileSync('tests/bench/drawing.png');
    assert.deepEqual(png.subarray(0, 43), posted.subarray(0, 43));
    assert.equal(png.length, posted.length);
});

onPage('blank paper says: draw something', async (page) => {
    await says(page, '#verdict', 'Draw something.');
    await draw(page, strokes(3));
    await says(page, '#read', '3');
    await clear(page);
    await says(page, '#verdict', 'Draw something.');
    await says(page, '#read', '');
    assert.deepEqual(await page.locator('#bars .value').allTextContents(), new Array(10).fill(''));
});

onPage('two digits are boxed, and each can be chosen', async (page) => {
    await draw(page, [...strokes(4, place[0]), ...strokes(2, place[1])]);
    await says(page, '#read', '42');
    await says(page, '#verdict', /^Two digits/);
    const boxes = await page.locator('#boxes i').all();
    assert.equal(boxes.length, 2);
    const sheet = await page.locator('#sheet').boundingBox();
    const [left, right] = await Promise.all(boxes.map((box) => box.boundingBox()));
    const share = (box) => (box.x + box.width / 2 - sheet.x) / sheet.width;
    assert.ok(
        Math.abs(share(left) - 180 / 640) < 0.04 && Math.abs(share(right) - 460 / 640) < 0.04,
    );
    await page.locator('#read button').nth(1).click();
    assert.equal(await page.locator('#bars .best b').textContent(), '2');
});

onPage('undo, redo and the eraser change what is read', async (page) => {
    await draw(page, strokes(1, place[0]));
    await says(page, '#read', '1');
    await draw(page, strokes(7, place[1]));
    await says(page, '#read', '17');
    await page.locator('#undo').click();
    await says(page, '#read', '1');
    await page.keyboard.press('Control+Shift+Z');
    await says(page, '#read', '17');
    await page.keyboard.press('Control+z');
    await says(page, '#read', '1');
    await page.locator('#redo').click();
    await page.locator('#width').fill('56');
    await page.locator('#eraser').click();
    await draw(page, strokes(1, place[0]));
    await says(page, '#read', '7');
    await page.locator('#undo').click();
    await says(page, '#read', '17');
    await clear(page);
    await says(page, '#read', '');
    await page.locator('#undo').click();
    await says(page, '#read', '17');
});

onPage(
    'a wider pen draws wider strokes',
    async (page) => {
        const ink = () =>
            page.evaluate(() => {
                const sheet = document.getElementById('sheet');
                const { data } = sheet
                    .getContext('2d')
                    .getImageData(0, 0, sheet.width, sheet.height);
                return data.filter((value, i) => i % 4 === 3 && value > 0).length;
            });
        await draw(page, strokes(1));
        await says(page, '#read', '1');
        const thin = await ink();
        await clear(page);
        await page.locator('#width').fill('56');
        await draw(page, strokes(1));
        await says(page, '#status', /^1/);
        assert.ok((await ink()) > 1.6 * thin);
    },
    { forgive: /willReadFrequently/ },
);

onPage('a scribble is called not sure', async (page) => {
    await draw(page, scribble());
    await says(page, '#verdict', /[Nn]ot sure/);
    assert.equal(await page.locator('#verdict').getAttribute('data-state'), 'unsure');
});

onPage('a digit is drawn with the keyboard alone', async (page) => {
    for (let i = 0; i < 30; i++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(() => document.activeElement.id === 'sheet')) {
            break;
        }
    }
    const press = async (key, times) => {
        for (let i = 0; i < times; i++) {
            await page.keyboard.press(key);
        }
    };
    await press('ArrowLeft', 8);
    await page.keyboard.press('Space');
    await press('ArrowRight', 16);
    for (let i = 0; i < 8; i++) {
        await press('ArrowDown', 3);
        await press('ArrowLeft', 1);
    }
    await page.keyboard.press('Space');
    await says(page, '#read', '7');
    await says(page, '#status', /^7\. /);
    await page.keyboard.press('c');
    await says(page, '#read', '');
    await page.keyboard.press('Control+z');
    await says(page, '#read', '7');
    await page.keyboard.press('e');
    assert.equal(await page.locator('#eraser').getAttribute('aria-pressed'), 'true');
});

onPage('a stroke undone while it is drawn has ended', async (page) => {
    const seen = () =>
        page.locator('#sheet').evaluate(async (sheet) => {
            await new Promise((painted) =>
                requestAnimationFrame(() => requestAnimationFrame(painted)),
            );
            return sheet.toDataURL();
        });
    await draw(page, strokes(1, place[0]));
    await says(page, '#read', '1');
    const before = await seen();
    const box = await page.locator('#sheet').boundingBox();
    const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(0.6, 0.3));
    await page.mouse.down();
    await page.mouse.move(...at(0.7, 0.5));
    await page.keyboard.press('Control+z');
    await page.mouse.move(...at(0.8, 0.7));
    await page.keyboard.press('Control+Shift+z'); // back, and still not the pen's
    await page.mouse.move(...at(0.9, 0.3));
    await page.keyboard.press('Control+z');
    await page.mouse.up();
    await says(page, '#read', '1');
    assert.equal(await seen(), before);
});

onPage('an answer that comes too late is dropped', async (page) => {
    let release;
    const held = new Promise((resolve) => {
        release = resolve;
    });
    let asked = 0;
    await page.route('**/predict?*', async (route) => {
        if (asked++ > 0) {
            return route.continue();
        }
        const answer = await route.fetch();
        await held;
        return route.fulfill({ response: answer }).catch(() => {}); // given up by the page
    });
    await draw(page, strokes(1, place[0]));
    await draw(page, strokes(7, place[1]));
    await says(page, '#read', '17');
    await page.evaluate(() => {
        const read = document.getElementById('read');
        window.seen = [];
        new MutationObserver(() => window.seen.push(read.textContent)).observe(read, {
            childList: true,
        });
    });
    release();
    await page.waitForTimeout(500);
    assert.deepEqual(await page.evaluate(() => window.seen), []);
    await says(page, '#read', '17');
});

onPage(
    'when the server is gone the page says so, keeps the drawing, and recovers',
    async (page) => {
        await draw(page, strokes(2, place[0]));
        await says(page, '#read', '2');
        const paper = await page.locator('#sheet').boundingBox();
        await server.stop();
        try {
            await draw(page, strokes(5, place[1]));
            await says(page, '#gone', /does not answer/);
            assert.ok(await page.locator('#gone').isVisible());
            // It comes while somebody draws: nothing may move under the pen.
            assert.deepEqual(await page.locator('#sheet').boundingBox(), paper);
        } finally {
            await server.start();
        }
        await says(page, '#read', '25');
        assert.ok(await page.locator('#gone').isHidden());
    },
    { forgive: /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/ },
);
