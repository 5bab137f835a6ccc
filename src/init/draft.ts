import type { Column, Facts } from '../facts.ts';
import type { PlannedColumn } from '../proposal.ts';
import { leftTo, mayBeFilled, needsValue, suggestionFor } from '../reconcile/findings/columns.ts';
import { type TriggerMapping, taken } from './trigger-mapping.ts';

/** Why a column has what a person said now. */
export const SAID = 'as you said';

/** What the plan of a column is made from. Of each column the first that says something wins. */
export interface Sources {
  /** What a person said now. */
  answers: ReadonlyMap<string, string>;
  /** `columns` of the configuration: the whole mapping; null: it has none. */
  configured: Readonly<Record<string, string>> | null;
  /** The app's own function, as far as it could be read. */
  trigger: TriggerMapping | null;
  /** Columns whose value in the trigger the database did not accept, with what it said. */
  refused: ReadonlyMap<string, string>;
  /** What the job would infer. */
  inferred: Readonly<Record<string, string>>;
}

/** Where the value of each column would come from. Pure. */
export function draft(target: NonNullable<Facts['target']>, key: string, sources: Sources): PlannedColumn[] {
  return target.columns.map((column) => planned(column, key, sources, mayBeFilled(target)));
}

/** The columns of a configuration that has this plan. */
export function columnsOf(plans: readonly PlannedColumn[]): Record<string, string> {
  return Object.fromEntries(
    plans.flatMap(({ plan, name, expression }) =>
      plan === 'mapped' && expression !== null ? [[name, expression]] : [],
    ),
  );
}

type Source = Pick<PlannedColumn, 'expression' | 'why'> & Partial<Pick<PlannedColumn, 'taken' | 'trigger'>>;

function planned(column: Column, key: string, sources: Sources, filled: boolean): PlannedColumn {
  const { name, type } = column;
  const common = { name, type, taken: false, trigger: null, suggestion: null };
  if (name === key) return { ...common, plan: 'key', expression: null, why: 'the auth id, u.id' };
  const from = mapped(column, sources);
  if (from.expression !== null) return { ...common, ...from, plan: 'mapped' };
  const left = (why: string): PlannedColumn => ({
    ...common,
    plan: 'left',
    expression: null,
    why: joined(why, from.why),
  });
  if (!needsValue(column)) return left(leftTo(column));
  if (filled) return left('left to the BEFORE INSERT trigger of the table');
  const why = joined('it must have a value, and nothing gives one', from.why);
  return { ...common, plan: 'open', expression: null, why, suggestion: suggestionFor(column) };
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('; ');
}

/** What is written there and why; without an expression, `why` says what became of the trigger's. */
function mapped(column: Column, { answers, configured, trigger, refused, inferred }: Sources): Source {
  const { name } = column;
  const said = answers.get(name);
  if (said !== undefined) return { expression: said, why: SAID };
  if (configured) {
    const given = ownValue(configured, name);
    return given === undefined ? { expression: null, why: '' } : { expression: given, why: 'as configured' };
  }
  const guess = ownValue(inferred, name);
  const written = trigger?.columns.get(name);
  const run = trigger?.code.function ?? '';
  const { partial = false, code } = trigger ?? {};
  const use = written && taken(written, { column, partial, volatile: code?.volatile ?? [], inferred: guess });
  const complaint = refused.get(name) ?? (use && 'why' in use ? use.why : undefined);
  if (written && use && 'sql' in use && complaint === undefined) {
    const trigger = written.own.replace(/\bnew\./gi, 'u.') === use.sql ? null : `${run} writes ${written.own}`;
    return { expression: use.sql, why: `as ${run} writes it`, taken: true, trigger };
  }
  const note = written ? `${run} writes ${written.own}, which was not taken over: ${complaint}` : '';
  if (guess === undefined) return { expression: null, why: note };
  const beside = trigger && !written ? `${run} does not write it` : note;
  return { expression: guess, why: joined('by its name and type', beside) };
}

/** Not what every object has, for a column may be called `constructor`. */
function ownValue(columns: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}
