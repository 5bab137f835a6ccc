import type { Proposal } from '../proposal.ts';
import type { Job } from '../reconcile/job.ts';
import { display } from '../sql/name.ts';
import { columnsOf } from './draft.ts';
import { remarksFrom, remarksOn } from './remarks.ts';
import { shownCode } from './shown-code.ts';
import type { Study } from './study.ts';
import type { Choice } from './targets.ts';

/** All that a person should see before anything is written. Pure. */
export function proposalOf(
  job: Job,
  { facts, plans, triggers, found }: Study,
  choices: readonly Choice[],
  address: { host: string; database: string; user: string },
): Proposal {
  const { source, target, key } = job.config;
  const name = display(target);
  const [chosen] = choices.filter((choice) => display(choice.target) === name && choice.key === key);
  return {
    database: { host: address.host, name: address.database, user: address.user, serverVersion: facts.server.version },
    source: display(source),
    target: name,
    key,
    reasons: chosen?.reasons ?? [],
    others: choices
      .filter((choice) => display(choice.target) !== name)
      .map((other) => ({ target: display(other.target), key: other.key, reasons: other.reasons })),
    columns: plans,
    code: triggers.map(shownCode),
    remarks: [...remarksFrom(found, plans), ...remarksOn(triggers, columnsOf(plans))],
  };
}
