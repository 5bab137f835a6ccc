/**
 * The body of a function or a `do` block as a literal. Expressions of the configuration are part of it as they are, dollar
 * quotes of their own included, so the tag is one that does not occur.
 */
export function dollarQuoted(body: string): string {
  let tag = '$userdrift$';
  for (let count = 2; body.includes(tag); count++) tag = `$userdrift_${count}$`;
  return `${tag}\n${body}\n${tag}`;
}
