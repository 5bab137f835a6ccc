// The HEALTHCHECK of the image: does the schedule answer? A check, sync or backfill is healthy for as long as it runs.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

// What process 1 was started with, behind the script; an init of the engine stands before it.
const words = readFileSync(process.argv[2] ?? '/proc/1/cmdline', 'utf8').split('\0');
const { values, positionals } = parseArgs({
  args: words.slice(words.findIndex((word) => word.endsWith('/userdrift.js')) + 1),
  options: { host: { type: 'string' }, port: { type: 'string' } },
  allowPositionals: true,
  strict: false,
});

/** Resolves to false when the answer is another than 200, or none within 4 s. */
async function isAlive({ host = '127.0.0.1', port = '8080' }) {
  const name = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  const answer = await fetch(`http://${name}:${port}/livez`, { signal: AbortSignal.timeout(4000) }).catch(() => null);
  return answer?.status === 200;
}

process.exitCode = positionals[0] !== 'schedule' || (await isAlive(values)) ? 0 : 1;
