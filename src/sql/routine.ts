import { whole } from './mapping.ts';
import { literal } from './name.ts';

/** A function in schema public that only the service role may call. */
export interface Routine {
  name: string;
  /** with their defaults */
  parameters: string;
  /** types alone */
  types: string;
  /** language and behaviour */
  kind: 'language plpgsql volatile' | 'language sql stable';
  /** what holds while it runs, besides an empty search_path and row_security = off */
  settings: readonly string[];
  body: string;
  comment: string;
}

/**
 * Creates or replaces a function and closes it to everybody but service_role. Default privileges open new functions to
 * anon and authenticated by name, so each is revoked by name. With row_security = off a row that the owner must not see
 * is an error instead of a lie.
 */
export function routineSql({ name, parameters, types, kind, settings, body, comment }: Routine): string {
  const quote = quoteFor(body);
  const signature = `public.${name}(${types})`;
  return `create or replace function public.${name}(${parameters})
returns jsonb
${kind}
security definer
${["search_path = ''", 'row_security = off', ...settings].map((setting) => `set ${setting}`).join('\n')}
as ${quote}
${body}
${quote};
alter function ${signature} owner to postgres;
revoke execute on function ${signature} from public, anon, authenticated;
grant execute on function ${signature} to service_role;
comment on function ${signature} is ${literal(comment)};`;
}

/**
 * Names the schema of every type in the casts of `body`: where search_path is empty, a temporary type comes before one of
 * pg_catalog. The expressions of the configuration, each of which stands in a line of its own, are left as they are.
 */
export function withOwnTypes(body: string, expressions: readonly string[]): string {
  const [first, ...others] = [...new Set(expressions)].sort((a, b) => b.length - a.length);
  if (first === undefined)
    return body.replace(/::(?=(uuid|text|jsonb|timestamptz|float8|date|int2|regclass|regproc)\b)/g, '::pg_catalog.');
  return body
    .split(whole(first))
    .map((ours) => withOwnTypes(ours, others))
    .join(whole(first));
}

/** A dollar quote that the body does not hold: expressions of the configuration may have quotes of their own. */
function quoteFor(body: string): string {
  let tag = 'userdrift';
  while (body.includes(`$${tag}$`)) tag += '_';
  return `$${tag}$`;
}
