import { type Choice, clearChoice, rank, undecided } from '../init/targets.ts';
import type { Prospect } from '../postgres/candidates.ts';
import type { Postgres } from '../postgres/port.ts';
import type { SignUpCode } from '../postgres/sign-up-code.ts';
import { aimOf } from '../reconcile/discover.ts';
import type { Asked, Job } from '../reconcile/job.ts';
import { printable } from '../render/printable.ts';
import { display, type Name } from '../sql/name.ts';
import type { Terminal } from './terminal.ts';

/** What the database says of where its users may be. */
export interface Outlook {
  choices: Choice[];
  code: SignUpCode[];
}

/** Looks for the tables that may be meant, and for the code that fills them. */
export async function outlook(port: Postgres, { config, keyGiven }: Asked): Promise<Outlook> {
  const code = await port.signUpCode(config.source);
  const fits = ({ key }: Pick<Prospect, 'key'>) => !keyGiven || key === config.key;
  return { choices: rank((await port.prospects(config.source)).filter(fits), code).filter(fits), code };
}

/** The job with its target and key: as named, as it stands out, or as a person says. Throws a Fault where nothing tells. */
export async function aimed(
  port: Postgres,
  asked: Asked,
  { choices }: Outlook,
  terminal: Terminal | null,
): Promise<Job> {
  const { target, source } = asked.config;
  const chosen = target ? null : (clearChoice(choices) ?? (await choose(choices, terminal)));
  const table = target ?? chosen?.target;
  if (!table) throw undecided(choices);
  const key = asked.keyGiven ? asked.config.key : await keyOf(table, asked, choices, await port.candidates(source));
  return { ...asked, config: { ...asked.config, target: table, key } };
}

async function choose(choices: readonly Choice[], terminal: Terminal | null): Promise<Choice | undefined> {
  if (!terminal || choices.length === 0) return undefined;
  const show = (text: string) => printable(text, terminal.look.unicode);
  const answers = choices.map(({ target, key, reasons }, at) => ({
    value: String(at),
    label: show(`${display(target)} (${key})`),
    hint: show(reasons.join(', ')),
  }));
  return choices[Number(await terminal.questions.pick('Which table holds the users of the app?', answers))];
}

/** As the job would choose it, unless a trigger tells, or the job would not know the table. */
async function keyOf(
  table: Name,
  asked: Asked,
  choices: readonly Choice[],
  candidates: Parameters<typeof aimOf>[1],
): Promise<string> {
  const name = display(table);
  const choice = choices.find(({ target }) => display(target) === name);
  const known = candidates.some(({ target }) => display(target) === name);
  if (choice && (!known || choice.written)) return choice.key;
  return aimOf({ ...asked, config: { ...asked.config, target: table } }, candidates, 'init').key;
}
