import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { found, pastRun, runsEvery, twoWeeks } from '../../scripts/sample-runs.ts';
import { renderHistoryPage } from '../../src/render/page/history-page.ts';

const NOW = '2026-11-17T00:00:00.000Z';
const page = (runs = twoWeeks(), target: string | null = 'public.users') =>
  renderHistoryPage({ runs, target, now: NOW, version: '0.1.0' });

test('answers first, then shows the chart and the runs, the newest first', () => {
  const file = page([...twoWeeks()].reverse());
  expect(file).toContain('<title>✓ All expected users are in public.users – userdrift</title>');
  expect(file).toContain('proved at 2026-11-16 23:02 UTC by sync');
  expect(file.indexOf('<svg')).toBeGreaterThan(file.indexOf('All expected users are in public.users</span>'));
  const times = [...file.matchAll(/<time datetime="([^"]+)"/g)].map(([, time = '']) => time);
  expect(times).toHaveLength(100);
  expect(times[0]).toBe('2026-11-16T23:02:00.000Z');
  expect(times).toEqual([...times].sort().reverse());
  expect(file).toContain('and 181 before them');
  expect(file).toContain('Made 2026-11-17 00:00 UTC by userdrift 0.1.0.');
});

test('allows its own style sheet and nothing else, asks for nothing and does not come again', () => {
  const file = page();
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(file) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(file) ?? [];
  expect(policy.replaceAll('&#39;', "'")).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
  );
  expect(file.indexOf('Content-Security-Policy')).toBeLessThan(file.indexOf('<style>'));
  expect(file).not.toMatch(/<script|<link|<img|<iframe|<a |\bsrc=|url\(|@import|https?:|\sstyle=|\son\w+=|refresh/i);
});

test('keeps targets apart', () => {
  const crew = pastRun({ target: 'public.crew', startedAt: NOW, ...found(9, 9) });
  expect(page([crew, ...twoWeeks()])).toContain('✓ All expected users are in public.users');
  expect(page([crew, ...twoWeeks()], 'public.crew')).toContain('✗ 9 users are missing from public.crew');
  expect(page([crew, ...twoWeeks()], 'public.crew')).not.toContain('281 runs');
});

test('tells of each target where none is named', () => {
  const crew = pastRun({ target: 'public.crew', startedAt: '2026-11-16T12:00:00.000Z', ...found(9, 9) });
  const file = page([crew, ...twoWeeks()], null);
  expect(file).toContain('<title>✗ 1 of 2 targets – userdrift</title>');
  expect(file).toMatch(/href="#target-1">.*9 users are missing from public\.crew/);
  expect(file).toMatch(/href="#target-2">.*All expected users are in public\.users/);
  expect(file).toContain('281 runs since');
});

test('says that there is no run yet', () => {
  const file = page([]);
  expect(file).toContain('The history has no run yet');
  expect(file).not.toMatch(/<svg|<table/);
});

test('does not take a proof of long ago for one of today', () => {
  const file = page([pastRun({ startedAt: '2026-11-13T08:00:00.000Z' })]);
  expect(file).toContain('✗ Nothing has been proved about public.users since 2026-11-13 08:00 UTC');
  expect(file).toContain('nobody was missing then');
});

test('takes the target from the runs where none is named', () => {
  expect(page(twoWeeks(), null)).toContain('All expected users are in public.users');
});

test('of a thousand runs is small', () => {
  expect(page(runsEvery(5, 1000, (index) => found(index % 7, index % 3))).length).toBeLessThan(150_000);
});

test('escapes what names hold', () => {
  const target = '<script>alert(1)</script>\u202e';
  const run = pastRun({ target, reason: '"><img src=x>', shard: '<b>' });
  const file = page([run], target);
  expect(file).not.toMatch(/<script|<img|<b>|\u202e/);
  expect(file).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}');
});
