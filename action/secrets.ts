/** What of a URL must not be seen: all of it, and its password as it stands, decoded, and encoded anew. */
export function secretsIn(url: string): string[] {
  const text = url.trim();
  // Up to the first @ and up to the last: an unescaped one in the password is refused later, but logged before that.
  const raw = [/^[a-z0-9+.-]+:\/\/[^:/?#]*:(.*?)@/is, /^[a-z0-9+.-]+:\/\/[^:/?#]*:(.*)@/is].map(
    (password) => password.exec(text)?.[1] ?? '',
  );
  const spellings = raw.flatMap((password) => [password, decoded(password), encodeURIComponent(decoded(password))]);
  return [...new Set([text, ...spellings])].filter((secret) => secret.trim() !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
