// Look inside, how good is it, correct it, and the line for the shell.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { draw, onPage, says, corrections, work } from './harness.mjs';
import { strokes } from './strokes.mjs';

const report = () =>
    readFileSync(`${process.env.BUILD}/web/report.tsv`, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('\t'));

/** How many different colours a canvas shows. */
const colours = (page, selector) =>
    page.locator(selector).evaluate((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
    });

onPage('look inside shows every layer, the first filters and the occlusion map', async (page) => {
    await draw(page, strokes(2));
    await says(page, '#read', '2');
    const model = await page.evaluate(async () => (await fetch('model')).json());
    await page.locator('#inside').scrollIntoViewIfNeeded();
    await page.locator('#layers li').first().waitFor();
    assert.equal(await page.locator('#layers li').count(), model.net.split(' ').length);
    for (const text of await page.locator('#layers p').allTextContents()) {
        assert.match(text, /\.$/);
    }
    for (const selector of ['#occlusion', '#filters', '#layers li:first-child canvas', '#seen']) {
        assert.ok((await colours(page, selector)) > 8, selector);
    }
    await says(page, '#filters-note', new RegExp(`^The ${model.filters.shape[0]} patterns`));
});

onPage('of two digits the chosen one is looked into', async (page) => {
    const place = [180, 460].map((x) => ({ x, y: 240, scale: 1.9 }));
    await draw(page, [...strokes(6, place[0]), ...strokes(1, place[1])]);
    await says(page, '#read', '61');
    await page.locator('#read button').nth(1).click();
    const [answer] = await Promise.all([
        page.waitForResponse('**/predict?*layers=1*'),
        page.locator('#inside').scrollIntoViewIfNeeded(),
    ]);
    assert.equal((await answer.json()).text, '1');
});

onPage('how good is it shows the figures of the report', async (page) => {
    await page.locator('#quality').scrollIntoViewIfNeeded();
    await page.locator('#matrix button').first().waitFor();
    const rows = report();
    const accuracy = Number(rows.find(([name]) => name === 'accuracy')[1]);
    await says(page, '#accuracy', `${(100 * accuracy).toFixed(2)} %`);
    const counts = rows
        .filter(([name]) => name === 'confusion')
        .map((row) => row.slice(2).map(Number));
    const shown = await page
        .locator('#matrix tbody tr')
        .evaluateAll((lines) =>
            lines.map((line) =>
                [...line.querySelectorAll('td')].map((cell) => Number(cell.textContent)),
            ),
        );
    assert.deepEqual(shown, counts);
});

onPage('a number of the matrix opens the wrong digits, and each can be tried', async (page) => {
    await page.locator('#quality').scrollIntoViewIfNeeded();
    // The surest of all, as one in doubt may be read otherwise from its picture.
    const wrong = report().filter(([name]) => name === 'wrong');
    const surest = wrong.reduce((a, b) => (Number(b[4]) > Number(a[4]) ? b : a));
    const [, , label, predicted] = surest;
    const same = wrong.filter((row) => row[2] === label && row[3] === predicted);
    const cell = page.locator(`#matrix button[aria-label*="digit ${label} read as ${predicted}"]`);
    await cell.waitFor();
    const n = Number(await cell.textContent());
    assert.equal(n, same.length);
    await cell.focus();
    await page.keyboard.press('Enter');
    await says(page, '#wrong-title', new RegExp(`^The digit ${label}, read as ${predicted}`));
    // They may have been open already, and come anew.
    await page.waitForFunction(
        (number) => document.querySelectorAll('#wrong button').length === number,
        n,
    );
    await page.locator('#wrong button').nth(same.indexOf(surest)).click();
    await says(page, '#note', new RegExp(`in truth a ${label}\\.$`));
    await page.waitForFunction(
        (digit) => document.querySelector('#bars .best b')?.textContent === digit,
        predicted,
    );
});

onPage('the curves are drawn from the metrics', async (page) => {
    await page.locator('#quality').scrollIntoViewIfNeeded();
    await page.locator('#chart-errors svg').waitFor();
    for (const id of ['chart-loss', 'chart-errors']) {
        assert.match(
            await page.locator(`#${id} svg`).getAttribute('aria-label'),
            /training ends at [\d.]+/,
        );
    }
});

onPage(
    'a correction is kept with consent, and only then',
    async (page) => {
        const size = () => (existsSync(corrections) ? statSync(corrections).size : 0);
        const before = size();
        await draw(page, strokes(9));
        await says(page, '#read', '9');
        await page.locator('.correct summary').click();
        const nine = page.getByRole('button', { name: 'It is a 9' });
        assert.ok(await nine.isDisabled());
        const refused = await page.evaluate(async () => {
            const canvas = new OffscreenCanvas(40, 40);
            canvas.getContext('2d');
            return (
                await fetch('correct?label=9', {
                    method: 'POST',
                    headers: { 'Content-Type': 'image/png' },
                    body: await canvas.convertToBlob(),
                })
            ).status;
        });
        assert.equal(refused, 403);
        assert.equal(size(), before);
        await page.locator('#consent').check();
        await nine.click();
        await says(page, '#kept', /^Kept as a 9\. Drawings kept so far: \d+\.$/);
        assert.ok(size() > before);
        await page.locator('#clear').click();
        await says(page, '#read', '');
        assert.ok(await nine.isDisabled());
    },
    { forgive: /403/ },
);

onPage('the line for the shell works with the saved drawing', async (page) => {
    await draw(page, strokes(5));
    await says(page, '#read', '5');
    const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('#save').click(),
    ]);
    assert.equal(download.suggestedFilename(), 'digit.png');
    await download.saveAs(join(work, 'digit.png'));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#copy').click();
    await says(page, '#copy', 'Copied');
    const line = await page.evaluate(() => navigator.clipboard.readText());
    const answer = execFileSync('sh', ['-c', line], {
        cwd: work,
        stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.equal(JSON.parse(answer).text, '5');
});
