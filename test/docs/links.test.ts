import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES } from '../support/pages.ts';

describe('links', () => {
  it.for(PAGES)('%s leads to files and headings that exist', (page) => {
    const broken = linksOn(page).filter((link) => !leads(page, link));
    expect(broken).toEqual([]);
  });

  it('reach every page from the table of contents', () => {
    const reached = new Set(linksOn('docs/index.md').map((link) => normalize(join('docs', link.split('#')[0] ?? ''))));
    expect(PAGES.filter((page) => page !== 'docs/index.md' && !reached.has(page))).toEqual([]);
  });

  it('are told apart from text, and headings named as GitHub names them', () => {
    expect(slugs('# One: `two`, "three" & four\n## A/B …\n## A/B …\n```sh\n# no heading\n```\n')).toEqual([
      'one-two-three--four',
      'ab-',
      'ab--1',
    ]);
  });
});

/** Relative links, images included. */
function linksOn(page: string): string[] {
  const text = readFileSync(page, 'utf8')
    .replaceAll(/^ *```.*?^ *```/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
}

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(file)) return false;
  return anchor === undefined || slugs(readFileSync(file, 'utf8')).includes(anchor);
}

/** The anchors of a page, as GitHub makes them from its headings. */
function slugs(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = markdown.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/^#{1,6} (.*)$/gm);
  return [...headings].map(([, heading = '']) => {
    const slug = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}
