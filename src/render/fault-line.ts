import type { Fault } from '../fault.ts';
import { printable } from './printable.ts';

/** Room for every fault of a configuration at once. */
const FAULT_MAX = 6000;

/** `userdrift: <message>. Fix: <fix>`, on one line. */
export function renderFault({ message, fix }: Pick<Fault, 'message' | 'fix'>, unicode: boolean): string {
  const sentence = printable(message.trim(), unicode, FAULT_MAX).replace(/\.$/, '');
  return `userdrift: ${sentence}.${fix ? ` Fix: ${printable(fix.trim(), unicode, FAULT_MAX)}` : ''}\n`;
}
