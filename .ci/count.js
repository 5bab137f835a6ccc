// Prints "N passed, N failed" for the JSON reports of vitest in the folder that is given. Exits 1 if a test failed, if
// none passed, or if a report is missing. Plain JavaScript: it must run under any Node, also where `npm ci` failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));

// A file that could not be loaded, or whose preparation failed, has no test that failed, and must not count as nothing.
const broken = (report) =>
  report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;

let passed = 0;
let failed = 0;
for (const report of reports) {
  passed += report.numPassedTests;
  failed += report.numFailedTests + broken(report);
}
if (reports.length === 0) console.log('\nNo test ran.');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
