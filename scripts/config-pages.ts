import { parseConfig } from '../src/config/load.ts';
import { Fault } from '../src/fault.ts';
import { configJsonSchema } from './schemas.ts';
import { code, keyRows, table } from './tables.ts';

/** For every key: a value that is taken, and one that is not, with what must be beside it. */
const VALUES: Readonly<Record<string, { good: unknown; bad: unknown; beside?: object }>> = {
  source: { good: 'userdrift.auth_users', bad: 'auth.users u' },
  target: { good: 'public."Profile"', bad: 'my table' },
  key: { good: 'user_id', bad: 7 },
  columns: { good: { email: 'u.email' }, bad: { email: '' } },
  refresh: { good: ['email'], bad: ['name'], beside: { columns: { email: 'u.email' } } },
  'skip.deleted': { good: true, bad: 'yes' },
  'skip.anonymous': { good: false, bad: 0 },
  'skip.sso': { good: true, bad: 'sso' },
  'skip.where': { good: "u.email like '%@example.com'", bad: '' },
  repair: { good: { function: 'public.create_user' }, bad: 'upsert' },
  grace: { good: '5m', bad: '5 minutes' },
  'limits.share': { good: '5%', bad: 0.05 },
  'limits.shareMinimum': { good: 500, bad: -1 },
  'limits.writes': { good: 10_000, bad: '10000' },
  'limits.failures': { good: 50, bad: 0 },
  'limits.triggers': { good: 0, bad: 1.5 },
  orphans: { good: 'report', bad: 'delete' },
};

/** An example of every key, and what is said to a value that is wrong, in the words of the real parser. */
export function configExamples(): string {
  const rows = keyRows(configJsonSchema(), '').map(([shown = '']) => {
    const path = shown.replaceAll('`', '');
    const { good, bad, beside = {} } = valuesOf(path);
    const complaint = complaintAbout(nested(path, bad, beside));
    if (complaintAbout(nested(path, good, beside)) !== null) throw new RangeError(`the example of ${path} is refused`);
    if (complaint === null) throw new RangeError(`the wrong value of ${path} is taken`);
    return [shown, code(JSON.stringify(good)), code(JSON.stringify(bad)), complaint];
  });
  return table(['Key', 'For example', 'Wrong', 'What it says'], rows);
}

function valuesOf(path: string) {
  const values = VALUES[path];
  if (!values) throw new RangeError(`scripts/config-pages.ts has no example of ${path}`);
  return values;
}

function nested(path: string, value: unknown, beside: object): object {
  const [first = '', second] = path.split('.');
  return { ...beside, [first]: second === undefined ? value : { [second]: value } };
}

function complaintAbout(config: object): string | null {
  try {
    parseConfig(JSON.stringify(config), 'userdrift.config.json');
    return null;
  } catch (error) {
    if (error instanceof Fault) return error.message.replace('userdrift.config.json: ', '');
    throw error;
  }
}
