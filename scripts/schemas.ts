import { z } from 'zod';
import { configSchema } from '../src/config/schema.ts';
import { examinationSchema } from '../src/examination.ts';
import { pastSchema } from '../src/history/past.ts';
import { reportSchema } from '../src/report.ts';

/** The JSON Schemas of what goes in and what comes out: path → text. */
export function schemaFiles(): Record<string, string> {
  return {
    'userdrift.schema.json': print(configJsonSchema()),
    'docs/report.schema.json': print(reportJsonSchema()),
    'docs/doctor.schema.json': print(examinationJsonSchema()),
    'docs/history.schema.json': print(pastJsonSchema()),
  };
}

/** Draft 7, and the two keywords by which VS Code lets comments pass: editors are who reads this one. */
export function configJsonSchema() {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return {
    $schema,
    $id: 'urn:userdrift:config',
    title: 'userdrift.config.json',
    description: 'What userdrift compares, how a missing row is made, and when a run is refused.',
    allowComments: true,
    allowTrailingCommas: true,
    ...schema,
  };
}

/** Open objects (`io: input`): a later userdrift may add a field to version 1, and readers must not break. */
export function reportJsonSchema() {
  const { $schema, ...schema } = z.toJSONSchema(reportSchema, { io: 'input' });
  return {
    $schema,
    $id: 'urn:userdrift:report:1',
    title: 'userdrift report, version 1',
    description: 'The report of one run. Ids and codes only: no personal detail. Null is "not measured", never zero.',
    ...schema,
  };
}

function examinationJsonSchema() {
  const { $schema, ...schema } = z.toJSONSchema(examinationSchema, { io: 'input' });
  return {
    $schema,
    $id: 'urn:userdrift:doctor:1',
    title: 'userdrift doctor, version 1',
    description: 'Every finding of doctor. Facts of the catalog and the configuration only: no row is quoted.',
    ...schema,
  };
}

function pastJsonSchema() {
  const { $schema, ...schema } = z.toJSONSchema(pastSchema, { io: 'input' });
  return {
    $schema,
    $id: 'urn:userdrift:history:1',
    title: 'userdrift history, version 1',
    description: 'Past runs and what they say. Counts, codes and times, and no id of a user. Null is "not measured".',
    ...schema,
  };
}

function print(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
