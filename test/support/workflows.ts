import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const FOLDER = '.github/workflows';

const step = z.looseObject({
  id: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  run: z.string().optional(),
});
const job = z.looseObject({
  if: z.string().optional(),
  permissions: z.unknown().optional(),
  concurrency: z.unknown().optional(),
  'timeout-minutes': z.unknown().optional(),
  steps: z.array(step),
});
const workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: z.unknown().optional(),
  concurrency: z.unknown().optional(),
  jobs: z.record(z.string(), job),
});

export type Workflow = z.infer<typeof workflow>;
export type Step = z.infer<typeof step>;

export function readWorkflow(text: string): Workflow {
  return workflow.parse(parse(text));
}

/** The workflows of this repository: name → text. */
export const WORKFLOWS = new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));

/** The text of a workflow of this repository. */
export function workflowText(name: string): string {
  const text = WORKFLOWS.get(name);
  if (text === undefined) throw new Error(`there is no ${name}`);
  return text;
}

/** Every step of every job. */
export function stepsOf({ jobs }: Pick<Workflow, 'jobs'>): Step[] {
  return Object.values(jobs).flatMap(({ steps }) => steps);
}
