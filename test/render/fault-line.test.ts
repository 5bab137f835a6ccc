import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { renderFault } from '../../src/render/fault-line.ts';

describe('renderFault', () => {
  test('says what is wrong and what to do', () => {
    const fault = new Fault('host_not_found', 'there is no host db.example', { fix: 'check DATABASE_URL' });
    expect(renderFault(fault, true)).toBe('userdrift: there is no host db.example. Fix: check DATABASE_URL\n');
  });

  test('may have no fix, and ends with one full stop', () => {
    expect(renderFault({ message: 'no.', fix: null }, true)).toBe('userdrift: no.\n');
  });

  test('is one line', () => {
    const line = renderFault({ message: 'a\n::error::b\u001b[31m', fix: 'c\r\n::d' }, true);
    expect(line).toBe('userdrift: a\\u{a}::error::b\\u{1b}[31m. Fix: c\\u{d}\\u{a}::d\n');
  });

  test('is ASCII without UTF-8', () => {
    expect(renderFault({ message: 'é', fix: null }, false)).toBe('userdrift: \\u{e9}.\n');
  });
});
