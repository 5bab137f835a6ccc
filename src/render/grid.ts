import { thousands } from './units.ts';
import { columns, hang } from './wrap.ts';

/** A row counts something: label, number, and what there is to say about it. `count` null: the number column is empty. */
export interface Row {
  kind: 'row';
  label: string;
  count: number | null;
  notes: string[];
}

/** A field says something: label and lines of text. */
export interface Field {
  kind: 'field';
  label: string;
  lines: string[];
}

export type Part = Row | Field;

/** Where the columns stand. `beside`: is there room to write next to the labels, or only below them? */
interface Grid {
  label: number;
  number: number;
  width: number;
  beside: boolean;
}

const LABEL = 25;
const NUMBER = 6;
const GAP = 3;
// `e.g. ` and an id
const NOTES_MIN = 41;
const FIELD_BELOW = 4;
// Deeper than the label of a subrow.
const NOTE_BELOW = 8;

export function row(label: string, count: number | null, ...notes: string[]): Row {
  return { kind: 'row', label: `  ${label}`, count, notes: notes.filter(Boolean) };
}

/** A row that its parent's number contains. */
export function subrow(label: string, count: number, ...notes: string[]): Row {
  return row(`  ${label}`, count, ...notes);
}

export function field(label: string, ...lines: string[]): Field {
  return { kind: 'field', label: `  ${label}`, lines: lines.filter(Boolean) };
}

/** Groups of parts on one grid, a blank line between groups; empty groups vanish. */
export function layout(groups: Part[][], width: number): string[] {
  const grid = gridOf(groups.flat(), width);
  const blocks = groups.filter((group) => group.length > 0).map((group) => group.flatMap((part) => draw(part, grid)));
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function gridOf(parts: Part[], width: number): Grid {
  const rows = parts.filter((part) => part.kind === 'row');
  const longest = Math.max(0, ...parts.map((part) => columns(part.label))) + 2;
  const number = Math.max(NUMBER, ...rows.map((part) => columns(figure(part))));
  const room = width - number - GAP - NOTES_MIN;
  const label = Math.max(LABEL, longest) <= room ? Math.max(LABEL, longest) : longest;
  const beside = label <= room;
  return { label: beside ? label : Math.min(longest, width - number), number, width, beside };
}

function draw(part: Part, grid: Grid): string[] {
  return part.kind === 'row' ? drawRow(part, grid) : drawField(part, grid);
}

function drawRow(part: Row, grid: Grid): string[] {
  const notesAt = grid.label + grid.number + GAP;
  const heads = rowHeads(part, grid);
  const last = heads.pop() ?? '';
  if (grid.beside) return [...heads, ...beside(last, part.notes, grid.width, notesAt)];
  return [...heads, last, ...part.notes.flatMap((note) => below(note, grid.width, NOTE_BELOW))].filter(
    (line) => line !== '',
  );
}

/** Label and number; on two lines where the label leaves no room. */
function rowHeads(part: Row, grid: Grid): string[] {
  const number = figure(part).padStart(grid.number);
  if (columns(part.label) <= grid.label) return [`${part.label.padEnd(grid.label)}${number}`.trimEnd()];
  return [...labelLines(part.label, grid.width), `${' '.repeat(grid.label)}${number}`.trimEnd()];
}

function drawField(part: Field, grid: Grid): string[] {
  if (grid.beside) return beside(part.label, part.lines, grid.width, grid.label);
  return [...labelLines(part.label, grid.width), ...part.lines.flatMap((line) => below(line, grid.width, FIELD_BELOW))];
}

/** The lines start in column `at`; the first of them stands beside the head. */
function beside(head: string, lines: string[], width: number, at: number): string[] {
  if (lines.length === 0) return [head];
  return lines.flatMap((line, index) => placed((index === 0 ? head : '').padEnd(at), line, width, at));
}

function below(line: string, width: number, preferred: number): string[] {
  // An id needs 36 of 40 columns: rather out of step than over the edge.
  const longest = Math.max(...line.split(' ').map(columns));
  const indent = Math.max(0, Math.min(preferred, width - longest));
  return placed(' '.repeat(indent), line, width, indent);
}

/** A fix is there to be copied: a line break of ours in the middle of it would break it. */
function placed(head: string, line: string, width: number, indent: number): string[] {
  return line.startsWith('fix: ') ? [`${head}${line}`] : hang(head, line, width, indent);
}

function labelLines(label: string, width: number): string[] {
  const text = label.trimStart();
  const indent = label.length - text.length;
  return hang(' '.repeat(indent), text, width, indent + 2);
}

function figure(part: Row): string {
  return part.count === null ? '' : thousands(part.count);
}
