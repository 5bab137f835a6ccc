/** What the function is told by its environment; `undefined` where a variable is missing, empty or of no use. */
export interface Environment {
  url: string | undefined;
  /** a secret key of the project: the API runs as service_role with it */
  key: string | undefined;
  webhookSecret: string | undefined;
}

/**
 * Reads the variables through `get`. Supabase sets all but SYNC_USER_WEBHOOK_SECRET by itself; SUPABASE_SECRET_KEYS is a
 * JSON object of keys by name, SUPABASE_SERVICE_ROLE_KEY the one key of older projects.
 */
export function readEnvironment(get: (name: string) => string | undefined): Environment {
  const value = (name: string) => get(name)?.trim() || undefined;
  return {
    url: value('SUPABASE_URL'),
    key: keyIn(value('SUPABASE_SECRET_KEYS')) ?? value('SUPABASE_SERVICE_ROLE_KEY'),
    webhookSecret: value('SYNC_USER_WEBHOOK_SECRET'),
  };
}

/** The key called `default`, or else the first one. */
function keyIn(json: string | undefined): string | undefined {
  const keys = parse(json ?? '{}');
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return undefined;
  const byName = new Map<string, unknown>(Object.entries(keys));
  const isKey = (key: unknown): key is string => typeof key === 'string' && key !== '';
  return [byName.get('default'), ...byName.values()].find(isKey);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
