// Loaded into the measured process by `--import`: at its end it writes what it has used to the file that is named.
// Plain JavaScript, so that nothing has to be translated at the start of what is measured.
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The most memory that this program had, in kB. maxRSS of getrusage will not do: on Linux it also counts what the parent
 * had when it started this process.
 */
function peak() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

process.once('exit', () => {
  const { user, system } = process.cpuUsage();
  writeFileSync(process.env.USERDRIFT_BENCH_USAGE, JSON.stringify({ peak: peak(), cpu: user + system }));
});
