import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { z } from 'zod';

const CHROMIUM = '/usr/bin/chromium';

/** Where Debian has the browser. Throws a line that says how to install it. */
export function findChromium(): string {
  if (!existsSync(CHROMIUM)) throw new Error('chromium is missing; install it with: apt-get install -y chromium');
  return CHROMIUM;
}

/** Starts a real browser, which calls nobody by itself. */
export function startBrowser(): Promise<Browser> {
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  return chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu', ...quiet] });
}

/** A page as somebody sees it, and what the browser had to say about it. */
export interface Opened {
  page: Page;
  /** Addresses that it asked for. */
  requests: string[];
  /** What it complained of: errors, and what a policy kept it from. */
  complaints: string[];
}

/** Opens an address in a window of its own. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, requests, complaints };
}

const seen = z.array(z.object({ what: z.string(), ratio: z.number() }));

/** The contrast of each visible text with what is behind it, the lowest first, and of the marks of a chart with the card. */
export async function contrasts(page: Page): Promise<{ texts: z.infer<typeof seen>; marks: z.infer<typeof seen> }> {
  return z.object({ texts: seen, marks: seen }).parse(await page.evaluate(MEASURE));
}

/** As WCAG 2 counts. It runs in the browser, where there are no types. */
const MEASURE = `(() => {
  const parse = (color) => {
    const [r = 0, g = 0, b = 0, a = 1] = (color.match(/[\\d.]+/g) ?? []).map(Number);
    return color === 'transparent' || color === 'none' ? [0, 0, 0, 0] : [r, g, b, a];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = (color) => {
    const [r, g, b] = color.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    if (element === null) return parse(getComputedStyle(document.body).backgroundColor);
    const band = element.closest('.gap')?.querySelector('rect');
    if (band) return parse(getComputedStyle(band).fill);
    return over(parse(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  };
  const isSeen = (element) => element.getClientRects().length > 0;
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  const texts = [...document.body.querySelectorAll('*')]
    .filter((element) => isSeen(element) && hasText(element) && !['title', 'desc'].includes(element.tagName))
    .map((element) => {
      const style = getComputedStyle(element);
      const back = behind(element);
      const color = over(parse(element.tagName === 'text' ? style.fill : style.color), back);
      return { what: element.tagName + '.' + (element.getAttribute('class') ?? '') + ' ' + element.textContent.slice(0, 40), ratio: ratio(color, back) };
    });
  const marks = [...document.querySelectorAll('svg .found, svg .left, svg .failed, svg .stopped, svg .calm')]
    .filter(isSeen)
    .map((element) => {
      const style = getComputedStyle(element);
      const back = behind(element.closest('section'));
      const [r, g, b] = parse(style.fill === 'none' ? style.stroke : style.fill);
      return { what: element.getAttribute('class'), ratio: ratio(over([r, g, b, Number(style.fillOpacity)], back), back) };
    });
  return { texts, marks };
})()`;
