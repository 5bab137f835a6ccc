import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const input = z.strictObject({
  description: z.string(),
  default: z.string().optional(),
  required: z.boolean().optional(),
});
const step = z.strictObject({
  name: z.string(),
  id: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  shell: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  run: z.string().optional(),
});

/** action.yml, as far as a composite action of ours may go. */
const schema = z.strictObject({
  name: z.string(),
  description: z.string(),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(z.string(), input),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({ using: z.literal('composite'), steps: z.array(step) }),
});

export type ActionStep = z.infer<typeof step>;

/** The action as it stands. Throws on what its schema does not know. */
export function readAction(): z.infer<typeof schema> {
  return schema.parse(parse(readFileSync('action.yml', 'utf8')));
}
