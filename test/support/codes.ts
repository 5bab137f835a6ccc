import { readdirSync, readFileSync } from 'node:fs';

/** Where the sources give a Fault, a finding, a cause or a note its code. */
const PLACES = [
  /\bnew Fault\(\s*'([a-z_]+)'/g,
  /\bcode: '([a-z_]+)'/g,
  /\bproblem\(\s*'\w+',\s*'\w+',\s*'([a-z_]+)'/g,
  /\bwarning\(\s*'\w+',\s*'([a-z_]+)'/g,
  /\b(?:cause|refusal|flaw)\(\s*'([a-z_]+)'/g,
  /\battempt\(\s*client,\s*[\w.']+,\s*'([a-z_]+)'/g,
  /\bcode = [^;]*?\? '([a-z_]+)' : '([a-z_]+)'/g,
];

/** Put together from the name of a flag: `src/commands/output-file.ts`. */
const OF_FLAGS = ['report', 'metrics_file', 'html'].flatMap((flag) => [`${flag}_unwritable`, `${flag}_replaces_other`]);

/** zod's own, and one that stays inside. */
const NOT_TOLD = new Set(['custom', 'row_fault']);

/** Every code that a message of userdrift can have, by what the sources say. */
export function codesInSources(): Set<string> {
  const text = sources();
  const found = PLACES.flatMap((place) => [...text.matchAll(place)].flatMap(([, ...codes]) => codes));
  return new Set([...found, ...OF_FLAGS].filter((code) => !NOT_TOLD.has(code)));
}

/** All of src as one text. */
export function sources(): string {
  const paths = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.map((path) => readFileSync(`src/${path}`, 'utf8')).join('\n');
}
