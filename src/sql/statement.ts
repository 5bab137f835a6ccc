import { eligible, type Mapping, sourceOf, withoutRow } from './mapping.ts';
import { display, qualified } from './name.ts';
import { type Origin, script } from './script.ts';
import { insertFrom } from './write.ts';

/** `userdrift sql statement`: one statement for pg_cron, and what it cannot do. */
export function statementSql(mapping: Mapping, origin: Origin): string {
  const about = [
    `Inserts everybody of ${display(mapping.source)} whom ${display(mapping.target)} misses, in one statement: for those who want pg_cron and nothing else.`,
    "  select cron.schedule('userdrift', '17 * * * *', $$ … $$);",
    '',
    'What it cannot do, and userdrift sync does:',
    '  - One row that the table refuses rolls all of them back, this hour and every hour after.',
    '  - One transaction holds its locks and its snapshot for the whole run, until the statement timeout ends it.',
    '  - "INSERT 0 0" is also what a role sees that row level security hides every user from.',
    '  - Nothing holds it back on the day when a table is empty by mistake, or a trigger on it sends mails.',
    '  - Nobody hears of it: there is no report, no exit code, no alert, and no proof that nobody is missing.',
  ];
  return script({ what: 'statement', mapping, about }, origin, [`${missingUsers(mapping)};`]);
}

function missingUsers(mapping: Mapping): string {
  const who = `from ${sourceOf(mapping)}\nwhere ${eligible(mapping)}\n  and ${withoutRow(mapping)}\norder by u.id`;
  return mapping.repair ? `select ${qualified(mapping.repair)}(u.id)\n${who}` : insertFrom(mapping, who);
}
