import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { byLine } from '../../action/lines.ts';

test('what a dying process leaves of a line ends like a line, so that the next command starts one', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  const rest = byLine(stream, (line) => lines.push(line));
  const [head, tail] = [Buffer.from('one ✗ line\ntwo ').subarray(0, 5), Buffer.from('one ✗ line\ntwo ').subarray(5)];
  stream.write(head);
  stream.end(tail);
  await new Promise((resolve) => stream.once('end', resolve));
  expect(lines).toEqual(['one ✗ line\n']);
  rest();
  expect(lines).toEqual(['one ✗ line\n', 'two \n']);
});
