import { readFileSync } from 'node:fs';
import { renderText } from '../src/render/text.ts';
import { reportSchema } from '../src/report.ts';
import { actionRegions } from './action-regions.ts';
import { chartImage } from './chart-image.ts';
import { helpPages } from './command-pages.ts';
import { configExamples } from './config-pages.ts';
import { libraryRegions } from './library-regions.ts';
import { reportTable } from './report-page.ts';
import { schemaFiles } from './schemas.ts';
import { commandTable, configTable, exitCodeTable, flagTable, variableTable } from './tables.ts';

/** The pages with generated regions, and what makes them: path → region → text. */
const PAGES: Readonly<Record<string, () => Record<string, string>>> = {
  'README.md': () => ({ example: fenced(exampleReport()), commands: commandTable(), 'exit codes': exitCodeTable() }),
  'docs/commands.md': () => ({
    'exit codes': exitCodeTable(),
    flags: flagTable(),
    variables: variableTable(),
    help: helpPages(),
  }),
  'docs/configuration.md': () => ({ config: configTable(), examples: configExamples() }),
  'docs/report.md': () => ({ example: fenced(exampleReport()), fields: reportTable() }),
  'docs/library.md': libraryRegions,
  'docs/running/github-actions.md': actionRegions,
};

/** Every committed file that is made from the sources, whole or in part: path → text as it should be. */
export function generatedFiles(): Record<string, string> {
  const pages = Object.entries(PAGES).map(([path, regions]) => [
    path,
    withRegions(readFileSync(path, 'utf8'), regions()),
  ]);
  return { ...schemaFiles(), 'docs/status-chart.svg': chartImage(), ...Object.fromEntries(pages) };
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
