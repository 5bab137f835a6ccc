import { deepEqual } from 'node:assert/strict';
import { failureOf } from '../failure.ts';

const passing = ['40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '53300', '08000', '08006', '08P01'];
const starting = ['PGRST000', 'PGRST001', 'PGRST002', 'PGRST003'];
const lasting = [
  '23505',
  '23502',
  '23503',
  '23514',
  '22001',
  '22P02',
  'P0001',
  '42501',
  '42883',
  '53100',
  '25006',
  'XX000',
];
const faults = ['PGRST202', 'PGRST203', 'PGRST301', 'PGRSTX00'];

for (const code of [...passing, ...starting]) {
  Deno.test(`${code} passes, whatever the HTTP status`, () => {
    for (const status of [400, 409, 500, 503]) deepEqual(failureOf(code, status), { kind: 'again', code });
  });
}

for (const code of [...lasting, ...faults]) {
  Deno.test(`${code} lasts, whatever the HTTP status`, () => {
    for (const status of [400, 409, 500, 503]) deepEqual(failureOf(code, status), { kind: 'final', code });
  });
}

Deno.test('without a code the HTTP status decides, and no status is the network', () => {
  for (const status of [408, 429, 500, 502, 503, 504, 520, 546]) {
    deepEqual(failureOf('', status), { kind: 'again', code: `http_${status}` });
  }
  for (const status of [200, 400, 401, 403, 404, 413]) {
    deepEqual(failureOf('', status), { kind: 'final', code: `http_${status}` });
  }
  deepEqual(failureOf('', 0), { kind: 'again', code: 'network' });
});

Deno.test('a code that is none of these is not believed, and not repeated', () => {
  for (const code of ['canary@example.com', '23505x', 'PGRST1', 'ECONNRESET']) {
    deepEqual(failureOf(code, 400), { kind: 'final', code: 'http_400' });
  }
});
