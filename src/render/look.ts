import { styleText } from 'node:util';

/** How the reader's end looks. The caller asks the terminal; nothing here does. */
export interface Look {
  color: boolean;
  unicode: boolean;
  /** Columns; taken as 40 below that. */
  width: number;
  /** Also the header and the table of a green run, and every id of the sample. */
  verbose?: boolean;
  /** Flags that the next command repeats, so that it speaks of the same tables; with a leading space. */
  again?: string;
}

export type Tone = 'good' | 'bad' | 'warn';
type Style = Parameters<typeof styleText>[0];

const MARKS = { good: ['✓', 'ok'], bad: ['✗', 'x'], warn: ['!', '!'] } as const;
const STYLES: Record<Tone, Style> = { good: ['bold', 'green'], bad: ['bold', 'red'], warn: ['bold', 'yellow'] };

/** ✓ ✗ ! or, without UTF-8, ok x ! */
export function mark(tone: Tone, look: Look): string {
  return MARKS[tone][look.unicode ? 0 : 1];
}

/** Text in a tone, or in another style of node:util; plain where the reader has no colour. */
export function paint(style: Tone | 'dim' | 'bold', text: string, look: Look): string {
  if (!look.color) return text;
  // The caller has judged the stream (NO_COLOR, FORCE_COLOR, a pipe); styleText would ask stdout again.
  return styleText(style === 'dim' || style === 'bold' ? style : STYLES[style], text, { validateStream: false });
}
