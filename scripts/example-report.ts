// Makes docs/report.example.json anew: the first check of the demo, as `--json` prints it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demo } from '../src/demo/demo.ts';

const FILE = 'docs/report.example.json';
const enough = new AbortController();

await demo({
  say: () => {},
  signal: enough.signal,
  run(command, databaseUrl, config) {
    const folder = mkdtempSync(join(tmpdir(), 'userdrift-example-'));
    const file = join(folder, 'userdrift.config.json');
    writeFileSync(file, JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, ['bin/userdrift.js', command, '--json', '--config', file], {
      env: { DATABASE_URL: databaseUrl },
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    writeFileSync(FILE, `${JSON.stringify(JSON.parse(stdout), null, 2)}\n`);
    enough.abort(new Error('one report is enough'));
    return Promise.resolve({ text: '', exitCode: 0 });
  },
}).catch((error: unknown) => {
  if (error !== enough.signal.reason) throw error;
});
