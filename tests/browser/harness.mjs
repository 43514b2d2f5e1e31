// A browser, the server, and what every test does with them.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Server } from './server.mjs';

export const require = createRequire(resolve('build/browser/package.json'));
const { chromium } = require('playwright-core');

const FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];
const PICTURES = 'build/screenshots';

export const work = mkdtempSync(join(tmpdir(), 'hwdr-browser.'));
export const corrections = join(work, 'corrections', 'corrections.npys');
export const server = new Server(corrections);
let browser;

export async function open() {
    mkdirSync(PICTURES, { recursive: true });
    await server.start();
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
}

export async function close() {
    await browser?.close();
    await server.stop();
    rmSync(work, { recursive: true, force: true });
}

/**
 * A test on a fresh page. It fails also when a request leaves the origin, or the console tells of
 * an error; `options.forgive` is a pattern of errors that the test provokes, `options.page` goes to
 * the browser.
 */
export function onPage(name, body, options = {}) {
    test(name, async (t) => {
        const context = await browser.newContext({
            viewport: { width: 1280, height: 900 },
            ...options.page,
        });
        const page = await context.newPage();
        page.setDefaultTimeout(20000);
        const trouble = [];
        page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
        page.on('console', (message) => {
            if (
                ['error', 'warning'].includes(message.type()) &&
                !options.forgive?.test(message.text())
            ) {
                trouble.push(`console: ${message.text()}`);
            }
        });
        page.on('request', (request) => {
            const url = new URL(request.url());
            if (!['blob:', 'data:'].includes(url.protocol) && url.origin !== server.origin) {
                trouble.push(`request to ${url}`);
            }
        });
        try {
            await page.goto(`${server.origin}/`);
            await body(page, t);
            assert.deepEqual(trouble, []);
        } finally {
            await context.close();
        }
    });
}

/** From the sheet's units to the screen's. */
async function scaler(page) {
    await page.evaluate(() => scrollTo(0, 0));
    const box = await page.locator('#sheet').boundingBox();
    return ([x, y]) => [box.x + (x / 640) * box.width, box.y + (y / 480) * box.height];
}

export async function draw(page, strokes) {
    const at = await scaler(page);
    for (const [first, ...rest] of strokes) {
        await page.mouse.move(...at(first));
        await page.mouse.down();
        for (const point of rest) {
            await page.mouse.move(...at(point));
        }
        await page.mouse.up();
    }
}

export async function touch(page, strokes) {
    const at = await scaler(page);
    const cdp = await page.context().newCDPSession(page);
    const send = (type, ...points) =>
        cdp.send('Input.dispatchTouchEvent', {
            type,
            touchPoints: points.map(([x, y]) => ({ x, y })),
        });
    for (const [first, ...rest] of strokes) {
        await send('touchStart', at(first));
        for (const point of rest) {
            await send('touchMove', at(point));
        }
        await send('touchEnd');
    }
    await cdp.detach();
}

/** Wait until an element's text is this, or matches; the failure shows what it was. */
export async function says(page, selector, expected) {
    const right = (text) => (expected instanceof RegExp ? expected.test(text) : text === expected);
    let text;
    for (const end = Date.now() + 15000; Date.now() < end;) {
        text = (await page.locator(selector).textContent()).trim();
        if (right(text)) {
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`${selector} says “${text}”, not ${expected}`);
}

export function shot(page, name, fullPage = false) {
    return page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage });
}
