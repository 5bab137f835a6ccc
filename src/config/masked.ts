/**
 * A text with `***` for each URL in it. What somebody typed is quoted in what is wrong with it, and a connection string, a
 * ping URL or a webhook in the wrong place is a secret all the same.
 */
export function masked(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/\S*?(?=['",;.]*(?:\s|$))/gi, '***');
}
