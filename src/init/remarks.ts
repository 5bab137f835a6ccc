import type { Facts, Finding } from '../facts.ts';
import type { Proposal } from '../proposal.ts';
import { isPrivilegeFromMetadata } from '../reconcile/findings/columns.ts';
import { tellsTime } from './take-over.ts';
import type { TriggerMapping } from './trigger-mapping.ts';

type Remark = Proposal['remarks'][number];

/** What a sync would warn of or stop at, without what the plan of the columns and a check tell. */
export function remarksFrom(found: readonly Finding[]): Remark[] {
  return found.flatMap(({ about, level, code, fact, fix }) =>
    level === 'ok' || about === 'causes' || code === 'column_unmapped' ? [] : [{ level, fact, fix }],
  );
}

/** What the app's own functions do that a mapping does not, or that nothing should. */
export function remarksOn(
  triggers: readonly TriggerMapping[],
  { source }: Pick<Facts, 'source'>,
  columns: Readonly<Record<string, string>>,
): Remark[] {
  const conditional = new Set(source?.signUps?.triggers.flatMap(({ name, conditional }) => (conditional ? name : [])));
  return triggers.flatMap((each) => [
    ...(each.branches || conditional.has(each.code.trigger ?? '') ? [partial(each)] : []),
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
