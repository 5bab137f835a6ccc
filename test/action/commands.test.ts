import fc from 'fast-check';
import { expect, test } from 'vitest';
import { annotate, fence, mask } from '../../action/commands.ts';
import { outputLines } from '../../action/outputs.ts';
import { readRunnerLog } from '../support/runner-log.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('a::b', 'x,title=y', '50%', '%0A', '\r\n::error::'),
);

test('whatever a title and a message hold, it is one annotation, and holds that', () => {
  fc.assert(
    fc.property(text, text, (title, message) => {
      const { annotations } = readRunnerLog(annotate({ level: 'error', title, message }));
      expect(annotations).toEqual([{ level: 'error', title, message }]);
    }),
  );
});

test('a secret of several lines is one mask', () => {
  const secret = 'postgresql://u:p%40\nx@h';
  expect(readRunnerLog(mask(secret)).masks).toEqual([secret]);
});

test('between the two marks nothing is a command, and after them everything is again', () => {
  const { open, close } = fence('0123456789abcdef');
  const hostile = '::add-mask::x\n ::error::pwned\nfoo ##[error]pwned\n::stop-commands::y\n::y::\n';
  const { annotations, masks, harmless } = readRunnerLog(`${open}${hostile}${close}::warning::after\n`);
  expect(harmless).toHaveLength(5);
  expect(masks).toEqual([]);
  expect(annotations).toEqual([{ level: 'warning', title: '', message: 'after' }]);
});

test('an output cannot begin another one', () => {
  expect(outputLines({ report: '/tmp/x\nverdict=in_sync' }, 'MARK')).toBe(
    'report<<MARK\n/tmp/x\nverdict=in_sync\nMARK\n',
  );
});
