import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pastRun } from '../../scripts/sample-runs.ts';
import { renderHistoryPage } from '../../src/render/page/history-page.ts';
import { STYLE } from '../../src/render/page/style.ts';
import { statusApp } from '../../src/schedule/app.ts';
import { listen, type StatusServer } from '../../src/schedule/server.ts';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { contrasts, type Opened, open, startBrowser } from '../support/browser.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { createDatabase } from '../support/database.ts';
import { expectNoCanary } from '../support/people.ts';
import { NEVER, serve } from '../support/schedule.ts';
import { nowAfter, pageOf, SCENES } from './scenes.ts';

const KB = 1024;

let browser: Browser;
let server: StatusServer;
let shown = '';
const folder = mkdtempSync(join(tmpdir(), 'userdrift-pages-'));

beforeAll(async () => {
  browser = await startBrowser();
  const health = { healthy: true, lastGoodAt: null, ageSeconds: 1, maxAgeSeconds: 900, why: 'x' };
  const metrics = () => Promise.resolve('');
  const app = statusApp({
    ready: () => true,
    health: () => health,
    metrics,
    page: () => shown,
    style: STYLE,
    report: () => null,
  });
  server = await listen(app, '127.0.0.1', 0);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openPage(html: string, options: Parameters<typeof open>[2] = {}): Promise<Opened> {
  shown = html;
  return open(browser, `${server.url}/`, options);
}

async function openFile(html: string, options: Parameters<typeof open>[2] = {}): Promise<Opened> {
  const path = join(folder, 'history.html');
  writeFileSync(path, html);
  return open(browser, pathToFileURL(path).href, options);
}

const VIEWS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [390, 1280].map((width) => ({ colorScheme, width })),
);

/** What holds for every page, wherever it is read. */
async function expectGood({ page, requests, complaints }: Opened, width: number): Promise<void> {
  expect(requests).toEqual([page.url()]);
  expect(complaints).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  const { texts, marks } = await contrasts(page);
  expect(texts.length).toBeGreaterThan(4);
  expect(texts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  expect(marks.filter(({ ratio }) => ratio < 3)).toEqual([]);
  const small =
    'Math.min(...[...document.querySelectorAll("svg text")].filter((each) => each.getClientRects().length > 0).map((each) => each.getBoundingClientRect().height))';
  expect(await page.evaluate(small)).toBeGreaterThan(10);
}

describe.each(Object.entries(SCENES))('the status page, %s', (name, scene) => {
  test.each(VIEWS)('in $colorScheme, $width wide', async ({ colorScheme, width }) => {
    const opened = await openPage(pageOf(scene), { colorScheme, viewport: { width, height: 900 } });
    const { page } = opened;
    await expectGood(opened, width);
    expect(await page.title()).toContain(scene.title ?? scene.answer);
    expect((await page.locator('.answer').first().innerText()).replace(/\s+/g, ' ')).toContain(scene.answer);
    const charts = page.locator('svg:visible');
    expect(await charts.count()).toBe(new Set(scene.runs.map(({ target }) => target)).size);
    for (const [mark, least] of Object.entries(scene.marks)) {
      expect(await charts.locator(`.${mark}`).count(), mark).toBeGreaterThanOrEqual(width > 1000 ? least : 1);
    }
    await page.context().close();
  });

  test('is the same without JavaScript, and small', async () => {
    const html = pageOf(scene);
    expect(Buffer.byteLength(html)).toBeLessThan(200 * KB);
    const pictures = [];
    for (const javaScriptEnabled of [true, false]) {
      const { page } = await openPage(html, { javaScriptEnabled, viewport: { width: 1280, height: 900 } });
      pictures.push(await page.screenshot({ fullPage: true }));
      await page.context().close();
    }
    expect(pictures[0]?.equals(pictures[1] ?? Buffer.of()), name).toBe(true);
  });
});

const FILES = Object.entries(SCENES).filter(([name]) => !['in sync', 'drift', 'failing'].includes(name));

describe.each(FILES)('the history as a file, %s', (_, { runs }) => {
  const html = renderHistoryPage({ runs, target: runs[0]?.target ?? null, now: nowAfter(runs), version: '0.1.0' });

  test.each(VIEWS)('in $colorScheme, $width wide', async ({ colorScheme, width }) => {
    const opened = await openFile(html, { colorScheme, viewport: { width, height: 900 } });
    await expectGood(opened, width);
    expect(await opened.page.locator('svg:visible').count()).toBe(runs.length > 0 ? 1 : 0);
    await opened.page.context().close();
  });
});

test('these checks see a fault: a script, a style of an element, a picture from elsewhere, pale text, too much width', async () => {
  const faulty = renderHistoryPage({ runs: [pastRun()], target: null, now: nowAfter([]), version: '0.1.0' }).replace(
    '<footer>',
    `<script>document.title = 'x'</script><p style="color: red">a</p><img src="http://127.0.0.1:1/x.png"><pre class="fix">${'x'.repeat(9)}</pre><footer>`,
  );
  const { page, complaints } = await openFile(faulty, { viewport: { width: 390, height: 900 } });
  expect(complaints.filter((text) => /Content Security Policy/.test(text))).toHaveLength(3);
  await page.evaluate(
    `(() => { const sheet = new CSSStyleSheet(); sheet.replaceSync('.soft { color: #aaa } h1 { min-width: 400px }'); document.adoptedStyleSheets = [sheet]; })()`,
  );
  expect((await contrasts(page)).texts.some(({ ratio }) => ratio < 4.5)).toBe(true);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeGreaterThan(390);
  await page.context().close();
});

test('a real schedule, as it goes on', async () => {
  const db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await canaryCrowd(db, 60);
  const crontab = `${NEVER} userdrift check --quiet\n${NEVER} userdrift sync --quiet\n${NEVER} userdrift check --quiet\n`;
  const { ended, log, kill, done } = await serve(crontab, ['--max-age', '1h'], { url: db.url, config: PLAIN_CONFIG });
  await ended(3);
  const url = String(log().find(({ msg }) => msg === 'serving')?.url);
  for (const { colorScheme, width } of VIEWS) {
    const opened = await open(browser, `${url}/`, { colorScheme, viewport: { width, height: 900 } });
    await expectGood(opened, width);
    expect(await opened.page.title()).toBe('✓ All 60 expected users are in public.users – userdrift');
    expect(await opened.page.locator('.runs tbody tr').allInnerTexts()).toEqual(
      [
        expect.stringMatching(/check\s+in sync/),
        expect.stringMatching(/sync\s+repaired\s+60\s+60/),
        expect.stringMatching(/check\s+drift\s+60/),
      ].map((pattern) => (width > 1000 ? pattern : expect.any(String))),
    );
    expect(await opened.page.locator('svg:visible .left').count()).toBe(1);
    expectNoCanary(await opened.page.content());
    await opened.page.context().close();
  }
  kill('SIGTERM');
  expect((await done).code).toBe(0);
  await db.drop();
});
