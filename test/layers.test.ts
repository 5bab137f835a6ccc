import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The floors of src, from the bottom up. A file imports from its own room and from the floors below; rooms on one floor
 * do not know each other.
 */
const FLOORS = [
  ['exit-codes', 'fault', 'ids', 'version'],
  ['attempts'],
  ['sql'],
  ['config', 'report', 'examination', 'proposal'],
  ['past-run'],
  ['status'],
  ['facts', 'history'],
  ['port'],
  ['catalog', 'standing'],
  ['postgres', 'http', 'reconcile'],
  ['render', 'demo', 'doctor', 'init', 'schedule', 'notify', 'run'],
  ['commands', 'library'],
  ['questions'],
  ['cli', 'index'],
];

/** Rooms that compute and do nothing else: all they may import from Node or npm. */
const PURE: Record<string, RegExp> = {
  'exit-codes': /^$/,
  fault: /^$/,
  facts: /^$/,
  ids: /^$/,
  attempts: /^p-retry$|^node:timers\/promises$/,
  catalog: /^$/,
  standing: /^$/,
  port: /^$/,
  report: /^zod$/,
  'past-run': /^zod$/,
  history: /^zod$/,
  examination: /^zod$/,
  proposal: /^$/,
  doctor: /^$/,
  run: /^$/,
  library: /^(zod|ulid)$/,
  index: /^$/,
  version: /^node:fs$/,
  init: /^(diff|jsonc-parser)$/,
  questions: /^(node:stream|@clack\/prompts)$/,
  sql: /^node:crypto$/,
  render: /^(node:util|node:crypto|hono\/html|d3-scale|d3-shape|@prometheus-io\/client|simple-ascii-chart)$/,
  reconcile: /^(p-limit|node:perf_hooks|node:timers\/promises)$/,
};

const files = new Map(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name.replaceAll('\\', '/'), code(readFileSync(join('src', name), 'utf8'))]),
);
const imports = new Map([...files].map(([file, text]) => [file, importsOf(file, text)]));
const edges = [...imports].flatMap(([from, targets]) => targets.map((to) => ({ from, to })));
const inside = edges.filter(({ to }) => files.has(to));

/** The source without its comment lines: prose may speak of anything. */
function code(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line))
    .join('\n');
}

/** What a file imports: a path below src for its own kind, else the name as it stands. */
function importsOf(file: string, text: string): string[] {
  const statements = text.matchAll(/^(?:import|export) (?:[\w\s{},*$]*\bfrom )?'([^']+)';$|\bimport\('([^']+)'\)/gm);
  return [...statements]
    .map(([, still, dynamic]) => still ?? dynamic ?? '')
    .map((name) => (name.startsWith('.') ? join(dirname(file), name).replaceAll('\\', '/') : name));
}

/** `commands/check.ts` → `commands`, `cli.ts` → `cli` */
function roomOf(file: string): string {
  return file.replace(/(\/.*|\.ts)$/, '');
}

function floorOf(file: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

/** `file: line` for every line of src that the pattern finds, but for the files that are allowed to. */
function linesWith(pattern: RegExp, ...allowed: string[]): string[] {
  return [...files]
    .filter(([file]) => !allowed.includes(file))
    .flatMap(([file, text]) => text.split('\n').map((line) => ({ file, line })))
    .filter(({ line }) => pattern.test(line))
    .map(({ file, line }) => `${file}: ${line.trim()}`);
}

/** The first import cycle that starts at a file, as the path that leads back to it. */
function cycleFrom(start: string): string[] | null {
  const seen = new Set<string>();
  const walk = (path: string[]): string[] | null => {
    for (const next of imports.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk([...path, next]);
      if (found) return found;
    }
    return null;
  };
  return walk([start]);
}

describe('the scan', () => {
  it('sees every form of import that the sources use', () => {
    expect(imports.get('cli.ts')).toEqual(
      expect.arrayContaining(['node:stream/consumers', 'commands/program.ts', '@clack/prompts']),
    );
    expect(imports.get('commands/program.ts')).toContain('commands/check.ts');
    const forms = ["import 'a';", "import b, {\n  c,\n} from 'b';", "export { d } from 'd';", "await import('e')"];
    expect(importsOf('x.ts', forms.join('\n'))).toEqual(['a', 'b', 'd', 'e']);
  });

  it('misses no import: whatever looks like one is in the graph', () => {
    for (const [file, text] of files) {
      const signs = text.match(/\bfrom ['"][^'"\n]*['"];?$|^import ['"]|\bimport\(|\brequire\(/gm) ?? [];
      expect(imports.get(file), file).toHaveLength(signs.length);
    }
  });

  it('finds each relative import as a file of src', () => {
    expect(edges.filter(({ to }) => to.endsWith('.ts') && !files.has(to))).toEqual([]);
    expect(inside.length).toBeGreaterThan(100);
  });
});

describe('the floor plan', () => {
  it('has a floor for every file', () => {
    expect([...files.keys()].filter((file) => floorOf(file) === -1)).toEqual([]);
  });

  it('lets imports point downward only, and keeps the rooms of one floor apart', () => {
    const wrong = inside.filter(({ from, to }) => roomOf(from) !== roomOf(to) && floorOf(to) >= floorOf(from));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('has no import cycle', () => {
    expect([...files.keys()].map(cycleFrom).filter((cycle) => cycle !== null)).toEqual([]);
  });

  it('keeps the pure rooms pure', () => {
    const outside = edges.filter(({ to }) => !files.has(to));
    const wrong = outside.filter(({ from, to }) => PURE[roomOf(from)]?.test(to) === false);
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });
});

describe('what is heavy', () => {
  it('is loaded by whoever uses it: supabase-js takes as long as all the rest', () => {
    expect(linesWith(/^import (?!type\b).*'@supabase\/supabase-js'/)).toEqual([]);
    expect(imports.get('http/data-api.ts')).toContain('@supabase/supabase-js');
  });
});

describe('the library', () => {
  const reached = new Set<string>(['index.ts']);
  for (const file of reached) for (const next of imports.get(file) ?? []) if (files.has(next)) reached.add(next);

  it('is the job with a few files around it, and nothing that a terminal, a server or an alert needs', () => {
    const rooms = new Set([...reached].map(roomOf));
    for (const room of ['library', 'run', 'reconcile', 'postgres', 'http', 'sql']) expect(rooms).toContain(room);
    expect(
      [...rooms].filter((room) => ['cli', 'commands', 'render', 'schedule', 'notify', 'demo'].includes(room)),
    ).toEqual([]);
  });

  it('leaves the process to whoever calls it: its environment, its streams, its exit code, its signals', () => {
    const word = /(?<![.\w])(process\b|console\.|globalThis\b)|\bloadEnvFile\b/;
    const lines = [...reached].flatMap((file) => (files.get(file) ?? '').split('\n').map((line) => `${file}: ${line}`));
    expect(lines.filter((line) => word.test(line.replace(/'[^']*'/g, '')))).toEqual([]);
  });
});

describe('the process', () => {
  it('has its environment read in one file', () => {
    expect(linesWith(/\bprocess\.(env|loadEnvFile)\b/, 'config/env.ts')).toEqual([]);
  });

  it('is spoken for by one file: who prints, exits or listens to signals', () => {
    const words = /(?<![.\w])(process\.(exit|exitCode|stdin|stdout|stderr|on|once|emit|abort)\b|console\.)/;
    expect(linesWith(words, 'cli.ts')).toEqual([]);
  });

  it('has no other name under which these rules would not find it', () => {
    expect(linesWith(/'(node:)?process'|'(node:)?console'|globalThis|=\s*process\b(?!\.)/, 'cli.ts')).toEqual([]);
  });
});
