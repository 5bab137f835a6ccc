import type { Report } from '../report.ts';
import { type Field, field } from './grid.ts';
import { readOnly } from './headline.ts';
import { thousands } from './units.ts';

/** Ids to look at: one, or with `all` every id that the report has. */
export function sampleFields({ sample, drift, verdict }: Report, all: boolean): Field[] {
  if (sample.length === 0 || (verdict !== 'drift' && verdict !== 'refused')) return [];
  const ids = all ? sample : sample.slice(0, 1);
  const more = (drift.missing ?? sample.length) - ids.length;
  return [field('Sample', ...ids.slice(0, -1), `${ids.at(-1)}${more > 0 ? ` and ${thousands(more)} more` : ''}`)];
}

/** Counters are a claim; the closing query is the proof. */
export function proofFields(report: Report): Field[] {
  if (readOnly(report)) return [];
  const { missing, stale } = report.residual;
  if (missing !== null) {
    const also = stale === null ? '' : ` and ${thousands(stale)} stale`;
    return [field('Proof', `a closing query found ${thousands(missing)} missing${also}`)];
  }
  if (report.repair.scanned === 0) return [];
  return [field('Proof', 'none: the run ended before its closing query, and this report is partial')];
}
