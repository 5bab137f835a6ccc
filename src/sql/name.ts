/** A schema-qualified name as the catalog spells it. */
export interface Name {
  schema: string;
  name: string;
}

/** Quotes one identifier. The only place where a name becomes SQL. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"public"."users"` */
export function qualified(name: Name): string {
  return `${ident(name.schema)}.${ident(name.name)}`;
}

/** A text literal; a backslash needs no care because the string is not an E'' string. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The name as a person writes it: quotes only where SQL needs them. */
export function display(name: Name): string {
  return [name.schema, name.name].map(spelled).join('.');
}

/** One part of a name as a person writes it. */
export function spelled(part: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(part) ? part : ident(part);
}

/**
 * Reads a SQL name: unquoted parts fold to lower case, `"Quoted"` parts stay; without a schema it is `public`.
 * Returns null for anything else.
 */
export function parseName(text: string): Name | null {
  const part = String.raw`(?:"((?:[^"\u0000]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))`;
  const match = new RegExp(`^\\s*${part}(?:\\s*\\.\\s*${part})?\\s*$`, 'u').exec(text);
  if (!match) return null;
  const [, quoted1, plain1, quoted2, plain2] = match;
  const first = unquote(quoted1, plain1);
  const second = unquote(quoted2, plain2);
  return second === null ? { schema: 'public', name: first ?? '' } : { schema: first ?? '', name: second };
}

function unquote(quoted: string | undefined, plain: string | undefined): string | null {
  if (quoted !== undefined) return quoted.replaceAll('""', '"');
  return plain === undefined ? null : plain.toLowerCase();
}
