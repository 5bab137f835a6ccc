import type { Facts, Finding } from '../facts.ts';
import type { Postgres } from '../postgres/port.ts';
import type { SignUpCode } from '../postgres/sign-up-code.ts';
import type { PlannedColumn } from '../proposal.ts';
import { inferColumns } from '../reconcile/infer.ts';
import { callsFunction, type Job } from '../reconcile/job.ts';
import { bind, look, type Sighting, stopAtProblem } from '../reconcile/preflight.ts';
import { columnsOf, draft, type Sources } from './draft.ts';
import { type TriggerMapping, triggerMappings } from './trigger-mapping.ts';

/** What is known of one table, and the plan for its columns, which the database has judged. */
export interface Study {
  facts: Facts;
  plans: PlannedColumn[];
  triggers: TriggerMapping[];
  found: Finding[];
}

/**
 * Plans the columns of the target: what a person said, then the configuration, then the app's own trigger function, then what
 * the job would infer. Of a trigger's expressions only those stay that the database accepts. Throws the Fault of a sync where
 * the tables cannot be seen, or the mapping is wrong for another reason.
 */
export async function study(
  port: Postgres,
  job: Job,
  code: readonly SignUpCode[],
  answers: Sources['answers'],
): Promise<Study> {
  const sighting = await look(port, job);
  const { facts, found } = sighting;
  const { source, target } = facts;
  stopAtProblem(found.filter(isInTheWay));
  if (!source || !target) throw new TypeError('a table that is not there is a problem');
  const triggers = triggerMappings(code, facts, job.config.target, job.config.key);
  if (callsFunction(job)) return { facts, plans: [], triggers, found };
  const sources: Sources = {
    answers,
    configured: job.config.columns ?? null,
    trigger: triggers.find(({ unread }) => unread === null) ?? null,
    refused: new Map(),
    inferred: inferColumns(target.columns, source.columns, job.config.key),
  };
  const plans = await accepted(port, sighting, (refused) => draft(target, job.config.key, { ...sources, refused }));
  return { facts, plans, triggers, found };
}

/** Without the two tables, their key and a mapping that fits them there is nothing to propose; all else is for later. */
function isInTheWay({ about, code }: Finding): boolean {
  return ['source', 'target', 'key', 'columns'].includes(about) && code !== 'column_unmapped';
}

type Drafting = (refused: Sources['refused']) => PlannedColumn[];

/** The plan without the expressions of the trigger that the database does not accept. */
async function accepted(port: Postgres, sighting: Sighting, drafting: Drafting): Promise<PlannedColumn[]> {
  const first = drafting(new Map());
  const faults = await prove(port, sighting, columnsOf(first));
  if (faults.length === 0) return first;
  const refused = new Map<string, string>();
  for (const { name, taken, expression } of first) {
    if (!taken || expression === null) continue;
    const [fault] = await prove(port, sighting, { [name]: expression });
    if (fault) refused.set(name, fault.fact.replace(/^columns[^:]*: /, ''));
  }
  const second = drafting(refused);
  stopAtProblem(await prove(port, sighting, columnsOf(second)));
  return second;
}

/** What the database has against a mapping, as a sync would ask it. */
function prove(port: Postgres, sighting: Sighting, columns: Record<string, string>): Promise<Finding[]> {
  const job = { ...sighting.job, config: { ...sighting.job.config, columns } };
  const refresh = job.config.refresh.filter((name) => Object.hasOwn(columns, name));
  return bind(port, { ...sighting, job: { ...job, config: { ...job.config, refresh } } }).prove('write');
}
