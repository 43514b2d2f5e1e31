// Looks and access: narrow, wide, light and dark, contrast and names by axe. Leaves screenshots.
import assert from 'node:assert/strict';
import { draw, onPage, require, says, shot } from './harness.mjs';
import { strokes } from './strokes.mjs';

const { default: AxeBuilder } = require('@axe-core/playwright');

const SIZES = {
    narrow: { width: 320, height: 640 },
    tablet: { width: 820, height: 1180 },
    desktop: { width: 1280, height: 900 },
    large: { width: 2560, height: 1440 },
};

/** Every part of the page filled. */
async function fill(page) {
    await draw(
        page,
        [3, 8].flatMap((digit, i) => strokes(digit, { x: 190 + 260 * i, y: 240, scale: 1.9 })),
    );
    await says(page, '#read', '38');
    await page.locator('#inside').scrollIntoViewIfNeeded();
    await page.locator('#layers li').first().waitFor();
    await page.locator('#quality').scrollIntoViewIfNeeded();
    await page.locator('#wrong button').first().waitFor();
    await page.locator('summary').evaluateAll((all) => all.forEach((one) => one.click()));
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(200);
}

async function axe(page) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`),
        [],
    );
}

for (const [name, colorScheme] of [
    ['narrow', 'light'],
    ['narrow', 'dark'],
    ['tablet', 'light'],
    ['desktop', 'light'],
    ['desktop', 'dark'],
    ['large', 'dark'],
]) {
    const viewport = SIZES[name];
    onPage(
        `${name} and ${colorScheme}: nothing is cut off, and axe finds no violation`,
        async (page) => {
            await shot(page, `${name}-${colorScheme}-empty`);
            await fill(page);
            await shot(page, `${name}-${colorScheme}`);
            await shot(page, `${name}-${colorScheme}-full`, true);
            assert.equal(
                await page.evaluate(() => document.documentElement.scrollWidth),
                viewport.width,
            );
            await axe(page);
            await page.locator('#pick').click();
            await page.locator('#picker-grid button').first().waitFor();
            await shot(page, `${name}-${colorScheme}-picker`);
            await axe(page);
        },
        { page: { viewport, colorScheme, reducedMotion: 'reduce' } },
    );
}

onPage('axe finds no violation in the empty page', axe);

onPage(
    'in the dark the ink is light, and follows a change of the preference',
    async (page) => {
        const ink = () =>
            page.evaluate(() => {
                const sheet = document.getElementById('sheet');
                const { data } = sheet
                    .getContext('2d')
                    .getImageData(0, 0, sheet.width, sheet.height);
                return data[data.findIndex((value, i) => i % 4 === 3 && value === 255) - 3];
            });
        await draw(page, strokes(0));
        await says(page, '#read', '0');
        assert.ok((await ink()) > 200);
        await page.emulateMedia({ colorScheme: 'light' });
        await page.waitForTimeout(100);
        assert.ok((await ink()) < 60);
        await says(page, '#read', '0');
    },
    { page: { colorScheme: 'dark' }, forgive: /willReadFrequently/ },
);

onPage('every control can be reached with Tab, and shows that it has the focus', async (page) => {
    await draw(page, strokes(0));
    await says(page, '#read', '0');
    await page.locator('summary').evaluateAll((all) => all.forEach((one) => one.click()));
    await page.locator('#consent').check();
    await page.evaluate(() => document.activeElement.blur());
    const wanted = new Set([
        'sheet',
        'undo',
        'eraser',
        'clear',
        'width',
        'choose',
        'pick',
        'consent',
        'save',
        'copy',
    ]);
    for (let i = 0; i < 200 && wanted.size > 0; i++) {
        await page.keyboard.press('Tab');
        const { id, outlined } = await page.evaluate(() => {
            const element = document.activeElement;
            if (element === document.body) {
                return { id: '', outlined: true }; // behind the last, before the first
            }
            const shown = (one) => getComputedStyle(one).outlineStyle !== 'none';
            return {
                id: element.id || element.outerHTML,
                outlined: shown(element) || shown(element.parentElement),
            };
        });
        assert.ok(outlined, `${id} shows no focus`);
        wanted.delete(id);
    }
    assert.deepEqual([...wanted], []);
});

onPage(
    'a sharp screen gets a sharp drawing',
    async (page) => {
        const [dots, width] = await page
            .locator('#sheet')
            .evaluate((sheet) => [sheet.width, sheet.clientWidth]);
        assert.equal(dots, 3 * width);
    },
    { page: { deviceScaleFactor: 3 } },
);
