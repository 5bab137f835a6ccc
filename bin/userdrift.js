#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`userdrift: Node.js ${process.versions.node} is too old. Install Node.js 22.18 or newer.\n`);
  process.exit(1);
}

// The peak of a backfill is garbage that V8 has no reason to collect: 500,000 users took 140 to 180 MB, and 95 with this.
setFlagsFromString('--optimize-for-size');

// A clone runs its sources; the package holds only what was built from them. No top-level await: old Node must get
// as far as the message above.
const source = new URL('../src/cli.ts', import.meta.url);
const built = new URL('../dist/cli.js', import.meta.url);
void import(existsSync(source) ? source.href : built.href).then(({ main }) => main(process.argv.slice(2)));
