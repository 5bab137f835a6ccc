import type { Defects, Facts, Finding, SignUps, SourceTrigger } from '../port.ts';
import { display, type Name } from '../sql/name.ts';
import { type Defect, defectsOf } from './defects.ts';
import { fine } from './findings/finding.ts';

/** What the messages speak of. */
interface Case extends SignUps {
  target: Name;
}

/**
 * Why users are missing, as far as the catalog can tell, the most likely cause first; then what a webhook gives away. A
 * trigger that copies every sign-up leaves nothing to accuse: then users are older than it, or came past it.
 * `missing`: how many users are, null where nobody has counted. With 0, that nothing in the database copies users is no
 * finding: something else does. Empty where source or target could not be looked at. Pure; a run and doctor share it.
 */
export function causesOf(
  { source, target }: Facts,
  config: { target?: Name | undefined },
  missing: number | null,
): Finding[] {
  if (!source?.signUps || !target || !config.target) return [];
  const about: Case = { ...source.signUps, target: config.target };
  const enabled = about.triggers.filter((trigger) => trigger.enabled);
  const losses = enabled.some((trigger) => isSound(trigger, about)) ? [] : lossesOf(about, missing !== 0);
  return [...losses, ...enabled.flatMap((trigger) => exposures(trigger, about))];
}

/** What copies sign-ups to the target as it should: the good news for doctor. Pure. */
export function copiersOf({ source, target }: Facts): Finding[] {
  if (!source?.signUps || !target) return [];
  const about: Case = { ...source.signUps, target: { schema: '', name: '' } };
  return about.triggers
    .filter((trigger) => trigger.enabled && isSound(trigger, about))
    .map(({ name, function: run }) =>
      fine('causes', 'copied', `trigger ${name} on ${about.table} runs ${run} at each sign-up`),
    );
}

/** Copies every sign-up, and lets nobody in whom it could not copy, as far as can be told. */
function isSound(trigger: SourceTrigger, about: Case): boolean {
  const { insert, mentions, conditional, swallows } = trigger;
  return insert && mentions && !conditional && !swallows && defects(trigger, about).length === 0;
}

function defects({ function: run, ...about }: Defects & { function: string | null }, { target }: Case): Defect[] {
  return run === null ? [] : defectsOf(run, about, target);
}

function lossesOf(about: Case, lost: boolean): Finding[] {
  const arriving = about.triggers.filter(({ insert }) => insert);
  const gone = arriving.filter((trigger) => trigger.function === null);
  const off = arriving.filter((trigger) => !trigger.enabled && isOurs(trigger));
  const firing = arriving.filter((trigger) => trigger.enabled);
  const broken = firing.filter((trigger) => isBroken(trigger));
  const unheard = lost && ![...gone, ...off, ...broken].length && !firing.some(isOurs);
  const opaque = firing.filter((trigger) => trigger.opaque);
  return [
    ...off.map((trigger) => disabled(trigger, about)),
    ...gone.map((trigger) => functionMissing(trigger, about)),
    ...broken.flatMap((trigger) => defects(trigger, about).filter(isOfNames).map(causeOf)),
    ...(unheard
      ? opaque.length > 0
        ? opaque.map((trigger) => unclear(trigger, about))
        : [uncopied(firing, about)]
      : []),
    ...firing.filter(({ mentions }) => mentions).flatMap((trigger) => doubts(trigger, about)),
    ...firing.filter(({ outward, mentions }) => outward && !mentions).map((trigger) => webhook(trigger, about)),
  ];
}

/** Names what is not there: whatever it is for, no sign-up gets past it. */
function isBroken({ missing, lacking, function: run }: SourceTrigger): boolean {
  return run !== null && (missing.length > 0 || (lacking ?? []).length > 0);
}

function isOfNames({ code }: Defect): boolean {
  return code === 'trigger_calls_missing' || code === 'trigger_columns_missing';
}

/** Has to do with the target, or tells somebody who may have. */
function isOurs({ mentions, outward }: SourceTrigger): boolean {
  return mentions || outward;
}

function cause(code: string, fact: string, fix: string): Finding {
  return { about: 'causes', level: 'warning', code, fact, fix };
}

function causeOf({ code, fact, fix }: Defect): Finding {
  return cause(code, fact, fix);
}

function the({ name }: SourceTrigger, { table }: Case): string {
  return `trigger ${name} on ${table}`;
}

const SCHEDULE = 'run userdrift sync on a schedule, which copies whoever is missing';

/** Enabling a trigger that fails, or a second one that makes the same row, would end all sign-ups. */
function disabled(trigger: SourceTrigger, about: Case): Finding {
  const found = defects(trigger, about);
  const fact = `${the(trigger, about)} is disabled${found.length > 0 ? `; as it is, it would fail: ${told(found)}` : ''}`;
  const rivals = about.triggers.filter((other) => other !== trigger && other.insert && other.mentions);
  if (trigger.mentions && rivals.length > 0) {
    const names = [trigger, ...rivals].map(({ name }) => name).join(', ');
    return cause(
      'trigger_disabled',
      fact,
      `decide which one of ${names} is to copy users, and see that only that one is on`,
    );
  }
  const enable = `alter table ${about.table} enable trigger ${trigger.name};`;
  if (found.length > 0) {
    const way = about.owned ? enable : (trigger.remake ?? `and as the owner of the table: ${enable}`);
    return cause('trigger_disabled', fact, mended(found, way) ?? `${fixes(found)}; then doctor tells how to enable it`);
  }
  // On Supabase only supabase_auth_admin owns the table. A trigger that is replaced is enabled.
  const otherwise = trigger.remake ? ` or, without owning the table: ${trigger.remake}` : ' as the owner of the table';
  return cause('trigger_disabled', fact, `${enable}${about.owned ? '' : otherwise}`);
}

function told(found: readonly Defect[]): string {
  return found.map(({ fact }) => fact).join('; ');
}

function fixes(found: readonly Defect[]): string {
  return `first ${found.map(({ fix }) => fix).join('; ')}`;
}

/** The SQL that ends all these defects, then `way`; null where SQL cannot. */
function mended(found: readonly Defect[], way: string): string | null {
  const cures = found.map(({ cure }) => cure);
  return cures.includes(null) ? null : [...cures, way].join(' ');
}

function functionMissing(trigger: SourceTrigger, about: Case): Finding {
  const [stray, ...others] = about.strays;
  const alone = stray && others.length === 0 && !about.triggers.some(({ mentions }) => mentions);
  const way = alone ? mended(defects(stray, about), creation(trigger.name, stray.function, about)) : null;
  const fix = way ?? `create the function again, then: ${creation(trigger.name, '<function>', about)}`;
  return cause('trigger_function_missing', `the function of ${the(trigger, about)} does not exist any more`, fix);
}

function unclear(trigger: SourceTrigger, about: Case): Finding {
  const fact = `cannot tell whether ${the(trigger, about)} copies users to ${display(about.target)}: what ${trigger.function} does shows only as it runs`;
  return cause('trigger_opaque', fact, SCHEDULE);
}

/** Nothing that fires on a sign-up has to do with the target. */
function uncopied(firing: readonly SourceTrigger[], about: Case): Finding {
  const { table, strays, triggers } = about;
  const target = display(about.target);
  const code = firing.length > 0 ? 'trigger_elsewhere' : 'trigger_absent';
  const late = triggers.find((trigger) => trigger.enabled && !trigger.insert && trigger.mentions);
  if (late) {
    const fact = `${the(late, about)} fires on update only: who signs up and changes nothing is not copied`;
    return cause('trigger_update_only', fact, `have it fire after insert as well, or ${SCHEDULE}`);
  }
  if (strays.length > 0) return strayed(code, about);
  const fact =
    firing.length > 0
      ? `nothing that fires on ${table} when somebody signs up names ${target}: ${listed(firing.map(({ name }) => name))}`
      : `no trigger on ${table} fires when somebody signs up, so none copies users to ${target}`;
  return cause(code, fact, SCHEDULE);
}

/** Its trigger may have been dropped because it broke sign-ups: no SQL that brings back what fails. */
function strayed(code: string, about: Case): Finding {
  const { strays, table, triggers } = about;
  const [stray, ...others] = strays;
  const found = strays.slice(0, 3).flatMap((one) => defects(one, about));
  const failing = found.length > 0 ? `; as it is, it would fail: ${told(found)}` : '';
  const name = freeName(triggers);
  const copies = `to ${display(about.target)}, but no trigger on ${table} runs`;
  if (!stray || others.length > 0) {
    const fact = `${listed(strays.map((one) => one.function))} copy users ${copies} any of them${found.length > 0 ? `: ${told(found)}` : ''}`;
    return cause(code, fact, `decide which one is to copy users, then: ${creation(name, '<function>', about)}`);
  }
  const why = failing || ': dumps of schema public leave such triggers out';
  const way = mended(found, creation(name, stray.function, about));
  return cause(
    code,
    `${stray.function} copies users ${copies} it${why}`,
    way ?? `${fixes(found)}; then doctor tells how to run it`,
  );
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and others' : ''}`;
}

function creation(trigger: string, run: string, { table }: Case): string {
  return `create or replace trigger ${trigger} after insert on ${table} for each row execute function ${run}();`;
}

/** The name of Supabase's own guides, or the first one like it that is not taken: replacing would take a trigger away. */
function freeName(triggers: readonly SourceTrigger[]): string {
  const taken = new Set(triggers.map(({ name }) => name));
  let name = 'on_auth_user_created';
  for (let count = 2; taken.has(name); count++) name = `on_auth_user_created_${count}`;
  return name;
}

/** Why a trigger that copies users may not copy all of them. */
function doubts(trigger: SourceTrigger, about: Case): Finding[] {
  const partial = `${the(trigger, about)} has a WHEN clause: whom it leaves out is not copied`;
  const accept = 'if they are not expected, say so in "skip"; if they are, make it anew without';
  const silent = `${the(trigger, about)} swallows the errors of ${trigger.function}: a copy that fails is silent`;
  const watch =
    'look for its warnings in the log of the database; userdrift sync names the constraint that refuses a row';
  return [
    ...(trigger.conditional ? [cause('trigger_conditional', partial, accept)] : []),
    ...defects(trigger, about)
      .filter((defect) => !isOfNames(defect))
      .map(causeOf),
    ...(trigger.swallows ? [cause('trigger_swallows', silent, watch)] : []),
  ];
}

function webhook(trigger: SourceTrigger, about: Case): Finding {
  const fact = `${the(trigger, about)} is a webhook: pg_net posts each sign-up at most once and never again`;
  return cause('webhook', fact, SCHEDULE);
}

/** What a webhook gives away, whether users are missing or not. */
function exposures(trigger: SourceTrigger, about: Case): Finding[] {
  const stock = `${the(trigger, about)} posts the whole row, password hash and tokens included, unsigned`;
  const secret = `${the(trigger, about)} sends an API key or an Authorization header, which every login role can read in the catalog or in pg_net's queue`;
  const drop = `drop trigger ${trigger.name} on ${about.table}; then post the id alone, signed, from a function of your own`;
  return [
    ...(trigger.stock ? [cause('webhook_stock', stock, drop)] : []),
    ...(trigger.secret
      ? [cause('webhook_secret', secret, 'revoke that key, and sign the message with a secret from Vault')]
      : []),
  ];
}
