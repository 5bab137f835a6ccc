import type { Report } from '../report.ts';
import type { Marker } from './marker.ts';
import { type News, newsOf } from './news.ts';

/** The one issue of a target and an environment. */
export interface Issue {
  number: number;
  state: 'open' | 'closed';
  /** Closed as not planned, or as a duplicate: by a person, we never do. */
  dismissed: boolean;
  marker: Marker;
}

export interface AlertOptions {
  environment: string;
  /** Users who are missing for less than this open no issue. */
  olderThanMs: number;
}

/** What a comment tells, because it changes what a reader has to think; all else is an edit of the body. */
export type Change = 'opened' | 'reopened' | 'still' | 'worse' | 'blind' | 'sighted' | 'closed';

/** `edit` leaves the issue in its state. `marker` is what the body says afterwards. */
export type Action =
  | { kind: 'nothing'; why: string }
  | { kind: 'open' | 'reopen' | 'close'; why: string; change: Change; marker: Marker }
  | { kind: 'edit'; why: string; change: Change | null; marker: Marker };

/**
 * What a report does to the issue; null: there is none yet.
 *
 * | news                     | no issue | open                     | closed                 | closed as not planned |
 * |--------------------------|----------|--------------------------|------------------------|-----------------------|
 * | silent                   | -        | -                        | -                      | -                     |
 * | clean                    | -        | close                    | -                      | edit: the mute ends   |
 * | calm                     | -        | edit                     | -                      | -                     |
 * | drift or blind, lasting  | open     | edit, comment if changed | reopen                 | -                     |
 * | drift or blind, passing  | -        | edit, comment if changed | -                      | -                     |
 *
 * A report that is not newer than the last one does nothing; nor does one about a part of the users to an issue that
 * speaks of all of them.
 */
export function decide(report: Report, issue: Issue | null, options: AlertOptions): Action {
  const news = newsOf(report, options.olderThanMs);
  if (news.kind === 'silent') return nothing(news.why);
  if (issue === null) return withoutIssue(report, news, options);
  const { marker } = issue;
  if (Date.parse(report.startedAt) <= Date.parse(marker.at)) {
    return nothing('the issue knows this report, or a later one');
  }
  if (issue.state === 'open') return whileOpen(report, news, marker, options);
  // Closed with its marker open: by a person, before a run has found that it is over.
  const muted = issue.dismissed && marker.open;
  if (news.kind === 'clean') return muted ? endMute(report, marker, options) : nothing('in sync');
  if (muted) return nothing('closed as not planned, which mutes it until a run is clean');
  if (!isLasting(news)) return nothing(whyNotYet(news));
  const change = marker.open ? 'still' : 'reopened';
  return { kind: 'reopen', why: whyBad(news), change, marker: begin(report, news, options, marker) };
}

type Telling = Exclude<News, { kind: 'silent' }>;
type Bad = Extract<News, { kind: 'drift' | 'blind' }>;

function nothing(why: string): Action {
  return { kind: 'nothing', why };
}

function withoutIssue(report: Report, news: Telling, options: AlertOptions): Action {
  if (news.kind === 'clean') return nothing('in sync');
  if (!isLasting(news)) return nothing(whyNotYet(news));
  return { kind: 'open', why: whyBad(news), change: 'opened', marker: begin(report, news, options, null) };
}

function whileOpen(report: Report, news: Telling, marker: Marker, options: AlertOptions): Action {
  // A part of the users says too little about an issue that speaks of all of them.
  if (!report.scope.full && marker.full) return nothing('only a run over all users changes the open issue');
  const next = { ...marker, ...stamp(report, options, marker) };
  if (news.kind === 'clean') {
    return { kind: 'close', why: 'in sync', change: 'closed', marker: { ...next, open: false, missing: 0, told: 0 } };
  }
  if (news.kind === 'calm') {
    return { kind: 'edit', why: news.why, change: null, marker: { ...next, missing: news.missing } };
  }
  const change = changeOf(news, marker);
  const begun = news.kind === marker.kind ? marker.since : report.startedAt;
  const missing = news.missing ?? marker.missing;
  const told = change === null ? marker.told : Math.max(marker.told, missing ?? 0);
  const state = { open: true, kind: news.kind, reason: reasonOf(news), since: begun, missing, told };
  return { kind: 'edit', why: whyBad(news), change, marker: { ...next, ...state } };
}

/** Twice as many as was ever told, another kind of trouble, or another reason for it. */
function changeOf(news: Bad, marker: Marker): Change | null {
  if (news.kind === 'blind') return marker.kind === 'blind' && marker.reason === news.reason ? null : 'blind';
  if (marker.kind === 'blind') return 'sighted';
  return news.missing > 0 && news.missing >= 2 * marker.told ? 'worse' : null;
}

function endMute(report: Report, marker: Marker, options: AlertOptions): Action {
  const next = { ...marker, ...stamp(report, options, marker), open: false, missing: 0, told: 0 };
  return { kind: 'edit', why: 'in sync, so the mute ends', change: null, marker: next };
}

function begin(report: Report, news: Bad, options: AlertOptions, marker: Marker | null): Marker {
  return {
    ...stamp(report, options, marker),
    open: true,
    kind: news.kind,
    reason: reasonOf(news),
    since: report.startedAt,
    missing: news.missing,
    told: news.missing ?? 0,
  };
}

/** A run that did not get as far as its target belongs to the issue that it was given. */
function stamp(report: Report, { environment }: AlertOptions, marker: Marker | null) {
  const target = report.target || (marker?.target ?? '');
  return { environment, target, full: report.scope.full, run: report.runId, at: report.startedAt };
}

function isLasting(news: Telling): news is Bad {
  return (news.kind === 'drift' || news.kind === 'blind') && news.lasting;
}

function reasonOf(news: Bad): string | null {
  return news.kind === 'blind' ? news.reason : null;
}

function whyBad(news: Bad): string {
  if (news.kind === 'blind') return `the run could not look (${news.reason})`;
  return news.missing > 0 ? `${news.missing} missing` : `${news.stale} stale`;
}

function whyNotYet(news: Telling): string {
  if (news.kind === 'calm') return news.why;
  if (news.kind === 'blind') return `${whyBad(news)}, which may pass; the heartbeat tells if it does not`;
  if (news.kind === 'drift' && news.missing === 0) return 'stale rows only, which the next sync refreshes';
  return 'nobody is missing for longer than --older-than';
}
