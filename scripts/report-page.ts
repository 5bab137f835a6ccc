import { reportJsonSchema } from './schemas.ts';
import { code, type Schema, table, typeOf } from './tables.ts';

/** Every field of the report, the nested ones with their path. Throws for a field without a meaning. */
export function reportTable(): string {
  return table(['Field', 'Type', 'Meaning'], fieldRows(reportJsonSchema(), ''));
}

function fieldRows(schema: object, path: string): string[][] {
  const { properties = {} }: Schema = schema;
  return Object.entries(properties).flatMap(([name, field]) => {
    const here = `${path}${name}`;
    const { of, suffix } = inside(field);
    const below = of.properties ? fieldRows(of, `${here}${suffix}.`) : [];
    const { description } = field;
    if (description === undefined && below.length === 0) throw new RangeError(`field ${here} has no description`);
    return description === undefined ? below : [[code(here), typeOf(field), description], ...below];
  });
}

/** What has the fields: the schema itself, the entries of a list, or the one of two that is not null. */
function inside(field: Schema): { of: Schema; suffix: string } {
  const present = field.anyOf?.find(({ type }) => type !== 'null') ?? field;
  return present.items ? { of: present.items, suffix: '[]' } : { of: present, suffix: '' };
}
