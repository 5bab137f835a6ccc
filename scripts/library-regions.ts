import { readFileSync } from 'node:fs';

/** What docs/library.md shows of the code, as the code has it. */
export function libraryRegions(): Record<string, string> {
  return {
    'first example': typescript(
      read('examples/alert-on-drift.ts')
        .replace(/^\/\/ In a project.*\n/m, '')
        .replace('../src/index.ts', 'userdrift'),
    ),
    signature: typescript(signatures(read('src/library/reconcile.ts'))),
    options: typescript(withoutImports(read('src/library/options.ts'))),
  };
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function typescript(code: string): string {
  return `\`\`\`ts\n${code.trim()}\n\`\`\``;
}

/** The overloads: what a caller sees. */
function signatures(code: string): string {
  const lines = code.match(/^export function .*;$/gm) ?? [];
  if (lines.length === 0) throw new RangeError('src/library/reconcile.ts has no overloads');
  return lines.map((line) => line.replace(/^export /, '').replace(/;$/, '')).join('\n');
}

function withoutImports(code: string): string {
  return code.replace(/^import .*\n/gm, '').replace(/^export /gm, '');
}
