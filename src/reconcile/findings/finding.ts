import type { Topic } from '../../examination.ts';
import type { Finding } from '../../facts.ts';
import type { Asked, Job } from '../job.ts';

/** What the facts are held against, as far as they do not concern the target. */
export type Ground = Pick<Asked, 'command' | 'config' | 'concurrency'>;

/** What all the facts are held against. `inferred`: the columns come from the table, not from the configuration. */
export type Question = Ground & Pick<Job, 'config'> & { inferred: boolean };

export function fine(about: Topic, code: string, fact: string): Finding {
  return { about, level: 'ok', code, fact, fix: null };
}

export function warning(about: Topic, code: string, fact: string, fix: string | null): Finding {
  return { about, level: 'warning', code, fact, fix };
}

export function problem(
  about: Topic,
  verdict: NonNullable<Finding['verdict']>,
  code: string,
  fact: string,
  fix: string,
): Finding {
  return { about, level: 'problem', code, fact, fix, verdict };
}

/** A problem for whoever wants to write, a warning for whoever only looks. */
export function forWriters(question: Question, finding: Finding): Finding {
  if (question.command !== 'check') return finding;
  return warning(finding.about, finding.code, finding.fact, finding.fix);
}
