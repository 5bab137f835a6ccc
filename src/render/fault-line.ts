import type { Fault } from '../fault.ts';
import { printableProse } from './printable.ts';

/** `userdrift: <message>. Fix: <fix>`, on one line. */
export function renderFault({ message, fix }: Pick<Fault, 'message' | 'fix'>, unicode: boolean): string {
  const sentence = printableProse(message.trim(), unicode).replace(/\.$/, '');
  return `userdrift: ${sentence}.${fix ? ` Fix: ${printableProse(fix.trim(), unicode)}` : ''}\n`;
}
