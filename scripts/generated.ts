import { readFileSync } from 'node:fs';
import { renderText } from '../src/render/text.ts';
import { reportSchema } from '../src/report.ts';
import { actionRegions } from './action-regions.ts';
import { chartImage } from './chart-image.ts';
import { libraryRegions } from './library-regions.ts';
import { schemaFiles } from './schemas.ts';
import { commandTable, configTable, exitCodeTable, flagTable, variableTable } from './tables.ts';

const ACTION_PAGE = 'docs/running/github-actions.md';
const LIBRARY_PAGE = 'docs/library.md';

/** Every committed file that is made from the sources, whole or in part: path → text as it should be. */
export function generatedFiles(): Record<string, string> {
  return {
    ...schemaFiles(),
    'docs/status-chart.svg': chartImage(),
    'README.md': withRegions(readFileSync('README.md', 'utf8'), regions()),
    [ACTION_PAGE]: withRegions(readFileSync(ACTION_PAGE, 'utf8'), actionRegions()),
    [LIBRARY_PAGE]: withRegions(readFileSync(LIBRARY_PAGE, 'utf8'), libraryRegions()),
  };
}

function regions(): Record<string, string> {
  return {
    example: fenced(exampleReport()),
    commands: commandTable(),
    flags: flagTable(),
    'exit codes': exitCodeTable(),
    config: configTable(),
    variables: variableTable(),
  };
}

/** A report as the terminal shows it. */
function exampleReport(): string {
  const { data, error } = reportSchema.safeParse(JSON.parse(readFileSync('docs/report.example.json', 'utf8')));
  if (error) throw new Error('docs/report.example.json is old: node scripts/example-report.ts', { cause: error });
  return renderText(data, { color: false, unicode: true, width: 100 });
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

/** Fills `<!-- generated: name -->` … `<!-- end -->`. Throws when text and regions do not name the same regions. */
export function withRegions(text: string, contents: Record<string, string>): string {
  const used = new Set<string>();
  const filled = text.replace(/(<!-- generated: (.+?) -->\n).*?(<!-- end -->)/gs, (_, open, name, close) => {
    const content = contents[name];
    if (content === undefined) throw new RangeError(`nothing is generated for region "${name}"`);
    used.add(name);
    return `${open}\n${content}\n\n${close}`;
  });
  const unused = Object.keys(contents).filter((name) => !used.has(name));
  if (unused.length > 0) throw new RangeError(`no region for ${unused.join(', ')}`);
  return filled;
}
