import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { workflowFor } from '../src/init/workflow.ts';
import { code, table } from './tables.ts';

const described = z.object({ description: z.string(), default: z.string().optional() });
const action = z.object({ inputs: z.record(z.string(), described), outputs: z.record(z.string(), described) });

/** What a user writes where this repository says `./`. The release notes give the line with its SHA. */
const ELSEWHERE = 'userdrift/userdrift@<sha> # v1';

/** The generated regions of docs/running/github-actions.md. */
export function actionRegions(): Record<string, string> {
  const { inputs, outputs } = action.parse(parse(readFileSync('action.yml', 'utf8')));
  return {
    workflow: `\`\`\`yaml\n${workflowFor(readFileSync('.github/workflows/user-sync.yml', 'utf8'), ELSEWHERE).trimEnd()}\n\`\`\``,
    inputs: table(
      ['Input', 'Meaning', 'Default'],
      Object.entries(inputs).map(([name, { description, default: value }]) => [
        code(name),
        description,
        value === undefined ? '-' : code(value),
      ]),
    ),
    outputs: table(
      ['Output', 'Meaning'],
      Object.entries(outputs).map(([name, { description }]) => [code(name), description]),
    ),
  };
}
