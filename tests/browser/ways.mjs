// Other ways in: a picture that is chosen, dropped or pasted; a test digit.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPage, says, work } from './harness.mjs';
import { strokes } from './strokes.mjs';

/** A picture of a digit as bytes, made by the browser: light ink on dark, not as the paper is. */
async function pictured(page, digit, type = 'image/png') {
    const bytes = await page.evaluate(
        async ([lines, kind]) => {
            const canvas = new OffscreenCanvas(500, 900);
            const context = canvas.getContext('2d');
            context.fillStyle = '#20304a';
            context.fillRect(0, 0, 500, 900);
            Object.assign(context, {
                lineWidth: 30,
                lineCap: 'round',
                lineJoin: 'round',
                strokeStyle: '#ffd',
            });
            for (const line of lines) {
                context.beginPath();
                line.forEach(([x, y]) => context.lineTo(x, y));
                context.stroke();
            }
            const blob = await canvas.convertToBlob({ type: kind });
            return [...new Uint8Array(await blob.arrayBuffer())];
        },
        [strokes(digit, { x: 240, y: 420, scale: 2.6 }), type],
    );
    return Buffer.from(bytes);
}

/** A paste or drop of a file, as the browser would tell the page. */
function hand(page, kind, bytes, name) {
    return page.evaluate(
        ([how, data, file]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(data)], file, { type: 'image/png' }));
            const event =
                how === 'paste'
                    ? new ClipboardEvent('paste', {
                          clipboardData: transfer,
                          bubbles: true,
                          cancelable: true,
                      })
                    : new DragEvent('drop', {
                          dataTransfer: transfer,
                          bubbles: true,
                          cancelable: true,
                      });
            document.getElementById('paper').dispatchEvent(event);
        },
        [kind, [...bytes], name],
    );
}

async function choose(page, file) {
    const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.locator('#choose').click(),
    ]);
    await chooser.setFiles(file);
}

onPage('a picture that is chosen is read, and undone', async (page) => {
    const file = join(work, 'five.jpg');
    writeFileSync(file, await pictured(page, 5, 'image/jpeg'));
    await choose(page, file);
    await says(page, '#read', '5');
    await says(page, '#note', /five\.jpg/);
    await page.locator('#undo').click();
    await says(page, '#verdict', 'Draw something.');
});

onPage('a picture that is pasted is read', async (page) => {
    await hand(page, 'paste', await pictured(page, 3), 'pasted.png');
    await says(page, '#read', '3');
});

onPage('a picture that is dropped is read', async (page) => {
    await hand(page, 'drop', await pictured(page, 4), 'four.png');
    await says(page, '#read', '4');
});

onPage('what is no picture is refused in words, and the page goes on', async (page) => {
    const file = join(work, 'words.png');
    writeFileSync(file, 'these are words');
    await choose(page, file);
    await says(page, '#note', /“words\.png” is not a picture/);
    await hand(page, 'paste', await pictured(page, 8), 'eight.png');
    await says(page, '#read', '8');
});

onPage('a test digit is picked with the keyboard alone', async (page) => {
    await page.locator('#pick').focus();
    await page.keyboard.press('Enter');
    const tiles = page.locator('#picker-grid button');
    await tiles.first().waitFor();
    assert.equal(await tiles.count(), 24);
    await says(page, '#picker-note', /of the 10000 /);
    for (let i = 0; i < 5; i++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(() => document.activeElement.className === 'tile')) {
            break;
        }
    }
    await page.keyboard.press('Enter');
    await says(page, '#note', /^Test digit \d+, in truth a \d\.$/);
    await says(page, '#read', /^[0-9?]$/);
    assert.ok(!(await page.locator('#picker').evaluate((dialog) => dialog.open)));
});

onPage('a test digit reaches the network as it is in the test set', async (page) => {
    await page.evaluate(() => {
        Math.random = () => 0; // digits 0 to 23
    });
    await page.locator('#pick').click();
    const [answer] = await Promise.all([
        page.waitForResponse('**/predict?*'),
        page.locator('#picker-grid button').first().click(),
    ]);
    const { digits, text } = await answer.json();
    assert.equal(text, '7');
    await says(page, '#note', 'Test digit 0, in truth a 7.');
    const truth = await page.evaluate(async () => {
        const file = new Uint8Array(await (await fetch('data/test-images.idx')).arrayBuffer());
        return [...file.slice(16, 16 + 784)];
    });
    const apart = digits[0].input.map((value, i) => Math.abs(value - truth[i]));
    assert.ok(Math.max(...apart) <= 2, `off by ${Math.max(...apart)}`); // levels 1 and 2 are paper
});
