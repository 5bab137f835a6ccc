import type { Finding } from '../facts.ts';
import type { PlannedColumn, Proposal } from '../proposal.ts';
import { isPrivilegeFromMetadata, privilegeWarning } from '../reconcile/findings/columns.ts';
import { SAID } from './draft.ts';
import { tellsTime } from './take-over.ts';
import type { TriggerMapping } from './trigger-mapping.ts';

type Remark = Proposal['remarks'][number];

/**
 * What a sync would warn of or stop at, without what the plan of the columns and a check tell. `plans` may hold what a person
 * said after the findings were made.
 */
export function remarksFrom(found: readonly Finding[], plans: readonly PlannedColumn[]): Remark[] {
  const late = plans
    .filter(({ name, why, expression }) => why === SAID && isPrivilegeFromMetadata(name, expression ?? ''))
    .map(({ name }) => privilegeWarning(name));
  return [...found, ...late].flatMap(({ about, level, code, fact, fix }) =>
    level === 'ok' || about === 'causes' || code === 'column_unmapped' ? [] : [{ level, fact, fix }],
  );
}

/** What the app's own functions do that a mapping does not, or that nothing should. */
export function remarksOn(triggers: readonly TriggerMapping[], columns: Readonly<Record<string, string>>): Remark[] {
  return triggers.flatMap((each) => [
    ...(each.partial ? [partial(each)] : []),
    ...privileges(each),
    ...clocks(each, columns),
  ]);
}

function partial({ code }: TriggerMapping): Remark {
  const fact = `${code.function} may write for some users only; userdrift inserts everybody who is expected`;
  return warning(fact, 'if some are to be left out, say whom in "skip": { "where": "..." }');
}

/** A hole in the app, whether userdrift runs or not. */
function privileges({ code, columns }: TriggerMapping): Remark[] {
  return [...columns]
    .filter(([name, { own }]) => isPrivilegeFromMetadata(name, own))
    .map(([name]) =>
      warning(
        `${code.function} lets whoever signs up choose ${name}: users write raw_user_meta_data themselves`,
        'have it take raw_app_meta_data, or leave the column to its default',
      ),
    );
}

function clocks({ columns: own }: TriggerMapping, columns: Readonly<Record<string, string>>): Remark[] {
  return [...own].flatMap(([name, { tokens }]) => {
    const late = tellsTime(tokens) && columns[name] !== undefined && !columns[name].includes('u.created_at');
    if (!late || /updated|modified|changed/i.test(name)) return [];
    return [
      warning(`${name} will tell the time of the copy, not of the sign-up`, `map it to u.created_at if that is wrong`),
    ];
  });
}

function warning(fact: string, fix: string): Remark {
  return { level: 'warning', fact, fix };
}
