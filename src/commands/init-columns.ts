import { Fault } from '../fault.ts';
import { type Study, study } from '../init/study.ts';
import type { Postgres } from '../postgres/port.ts';
import type { SignUpCode } from '../postgres/sign-up-code.ts';
import type { PlannedColumn } from '../proposal.ts';
import type { Job } from '../reconcile/job.ts';
import { shellWord } from '../reconcile/shell-word.ts';
import { printable } from '../render/printable.ts';
import { display } from '../sql/name.ts';
import type { Terminal } from './terminal.ts';

/** The flags that would answer for the columns that are open, ready to type, with a leading space. */
export function setFlags(open: readonly PlannedColumn[]): string {
  return open.map(({ name, suggestion }) => ` --set ${shellWord(`${name}=${suggestion}`)}`).join('');
}

/** The columns that only a person can speak for. */
export function openIn(plans: readonly PlannedColumn[]): PlannedColumn[] {
  return plans.filter(({ plan }) => plan === 'open');
}

/** Stops where a column that needs a value has none. */
export function refuseOpen(job: Job, open: readonly PlannedColumn[]): void {
  if (open.length === 0) return;
  const names = open.map(({ name }) => name).join(', ');
  const message = `${display(job.config.target)} needs a value for ${names}, which only you can know; nothing was written`;
  throw new Fault('column_unmapped', message, { fix: `say what goes in:${setFlags(open)}` });
}

/** A column that is not there, or is the key, can be given nothing. */
export function refuseUnknown(job: Job, { facts }: Study, answers: ReadonlyMap<string, string>): void {
  const known = new Set(facts.target?.columns.map(({ name }) => name));
  for (const name of answers.keys()) {
    if (known.has(name) && name !== job.config.key) continue;
    const why = known.has(name) ? 'the key is always u.id' : `${display(job.config.target)} has no column of that name`;
    throw new Fault('column_unknown', `--set ${name}: ${why}`, {
      verdict: 'usage',
      fix: 'names are exact and case-sensitive, without quotes',
    });
  }
}

/** What the database says of an answer. */
const JUDGED = new Set(['expression_invalid', 'expression_fails', 'insert_invalid']);

/** Asks a person for each open column; the database judges each answer before the next question. */
export async function answered(
  port: Postgres,
  job: Job,
  code: readonly SignUpCode[],
  first: { studied: Study; answers: ReadonlyMap<string, string> },
  terminal: Terminal,
): Promise<Study> {
  let { studied, answers } = first;
  for (let [open] = openIn(studied.plans); open; [open] = openIn(studied.plans)) {
    const { name, type, suggestion } = open;
    const message = printable(
      `What goes into ${name} (${type})? SQL over u, such as u.email or 'member'`,
      terminal.look.unicode,
    );
    const start = suggestion?.startsWith('<') === false ? suggestion : '';
    const said = await terminal.questions.write(message, start, (text) =>
      text.trim() === '' ? 'It must have a value.' : null,
    );
    const next = new Map([...answers, [name, said]]);
    const judged = await study(port, job, code, next).catch((error: unknown) => {
      if (!(error instanceof Fault) || !JUDGED.has(error.code)) throw error;
      terminal.err(`${printable(error.message, terminal.look.unicode, 600)}\n`);
      return null;
    });
    if (judged) [studied, answers] = [judged, next];
  }
  return studied;
}
