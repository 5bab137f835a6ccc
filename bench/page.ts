import { readFileSync, writeFileSync } from 'node:fs';
import { withRegions } from '../scripts/generated.ts';

/** Fills some of the regions of a page; the others keep what an earlier run wrote. Throws when the page lacks one. */
export function withNewRegions(page: string, fresh: Readonly<Record<string, string>>): string {
  return withRegions(page, { ...regionsOf(page), ...fresh });
}

/** What is in the regions of a page, by name. */
export function regionsOf(page: string): Record<string, string> {
  const regions = page.matchAll(/<!-- generated: (.+?) -->\n(.*?)<!-- end -->/gs);
  return Object.fromEntries([...regions].map(([, name = '', text = '']) => [name, text.trim()]));
}

/** Writes them into a file. */
export function writeRegions(path: string, fresh: Readonly<Record<string, string>>): void {
  writeFileSync(path, withNewRegions(readFileSync(path, 'utf8'), fresh));
}
