import { html } from 'hono/html';
import type { PastRun } from '../../past-run.ts';

/** Past runs as a page: a plain list of them. */
export function renderHistoryPage(view: {
  runs: readonly PastRun[];
  target: string | null;
  now: string;
  version: string;
}): string {
  const { runs, target, now, version } = view;
  return String(html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>userdrift history</title></head>
<body>
<h1>${target ?? 'every target'}</h1>
<ul>${runs.map(({ startedAt, command, verdict, missing }) => html`<li>${startedAt} ${command} ${verdict} ${missing ?? ''}</li>`)}</ul>
<footer>As of ${now}; userdrift ${version}</footer>
</body>
</html>
`);
}
