// Looks for missing users and tells a web hook if there are any. Set DATABASE_URL and HOOK_URL, then:
//   node examples/alert-on-drift.ts
// In a project of your own, import from 'userdrift'.
import { reconcile } from '../src/index.ts';

const { DATABASE_URL = '', DATABASE_CA_CERT, HOOK_URL = '' } = process.env;

const report = await reconcile('check', {
  connection: { databaseUrl: DATABASE_URL, caCert: DATABASE_CA_CERT },
  config: { target: 'public.users' },
  deadline: '5m',
});

console.log(`${report.verdict}: ${report.drift.missing ?? 'unknown'} missing`);
if (report.verdict !== 'in_sync') {
  // Not only drift: a check that could not see (`inconclusive`, `failed`) is news as well.
  const text = `userdrift: ${report.verdict}, ${report.drift.missing ?? 'unknown'} missing. ${report.reason?.message ?? ''}`;
  await fetch(HOOK_URL, { method: 'POST', body: JSON.stringify({ text }), signal: AbortSignal.timeout(10_000) });
}
process.exitCode = report.exitCode;
