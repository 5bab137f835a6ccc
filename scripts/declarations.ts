import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SPECIFIER = /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/**
 * Leaves of the declarations in `folder` those that `entry` is made of: the rest is nobody's business. They name each other
 * as .js, which every TypeScript finds: the compiler leaves .ts in them.
 */
export function tidyDeclarations(folder: string, entry: string): void {
  const kept = new Set([join(folder, entry)]);
  for (const file of kept) {
    const text = readFileSync(file, 'utf8');
    for (const [, , , path = ''] of text.matchAll(SPECIFIER)) kept.add(join(dirname(file), `${path}.d.ts`));
    writeFileSync(file, text.replace(SPECIFIER, '$1$2$3.js$2'));
  }
  for (const file of globSync(join(folder, '**/*.d.ts'))) if (!kept.has(file)) rmSync(file);
}
