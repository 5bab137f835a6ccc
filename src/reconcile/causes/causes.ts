import type { Facts, Finding, SourceTrigger } from '../../facts.ts';
import { display, type Name } from '../../sql/name.ts';
import { COPY_FUNCTION } from '../../sql/trigger.ts';
import { POST_FUNCTION } from '../../sql/webhook.ts';
import { fine } from '../findings/finding.ts';
import { type Case, cause, causeOf, creation, defects, fixes, mended, SCHEDULE, the, told } from './cause.ts';
import type { Defect } from './defects.ts';
import { uncopied } from './uncopied.ts';

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
  const losses = enabled.some((trigger) => isSound(trigger)) ? [] : lossesOf(about, missing !== 0);
  return [...losses, ...enabled.flatMap((trigger) => exposures(trigger, about))];
}

/** What copies sign-ups to the target as it should: the good news for doctor. Pure. */
export function copiersOf({ source, target }: Facts): Finding[] {
  if (!source?.signUps || !target) return [];
  const { table, triggers } = source.signUps;
  return triggers
    .filter((trigger) => trigger.enabled && isSound(trigger))
    .map(({ name, function: run }) =>
      fine('causes', 'copied', `trigger ${name} on ${table} runs ${run} at each sign-up`),
    );
}

/**
 * Copies every sign-up, and lets nobody in whom it could not copy, as far as can be told. The one from `userdrift sql
 * trigger` does let people in: its warnings name them, and a sync copies them.
 */
function isSound(trigger: SourceTrigger): boolean {
  const { insert, mentions, conditional, swallows, invoker, pathless, function: run } = trigger;
  const silent = swallows && run !== COPY_FUNCTION;
  return insert && mentions && !conditional && !silent && !invoker && !pathless && !isBroken(trigger);
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

/** Names what is not there, whatever it is for. */
function isBroken({ missing, lacking }: SourceTrigger): boolean {
  return missing.length > 0 || lacking.length > 0;
}

function isOfNames({ code }: Defect): boolean {
  return code === 'trigger_calls_missing' || code === 'trigger_columns_missing';
}

/** Has to do with the target, or tells somebody who may have. */
function isOurs({ mentions, outward }: SourceTrigger): boolean {
  return mentions || outward;
}

/** Another one beside it could make the same row. */
function mayCopy({ mentions, opaque, enabled }: SourceTrigger): boolean {
  return mentions || (enabled && opaque);
}

/** What printed the trigger, where it is one of ours. */
function kindOf({ function: run }: SourceTrigger): string | null {
  if (run === COPY_FUNCTION) return 'trigger';
  return run === POST_FUNCTION ? 'webhook' : null;
}

/** Enabling a trigger that fails, or a second one that makes the same row, would end all sign-ups. */
function disabled(trigger: SourceTrigger, about: Case): Finding {
  const found = defects(trigger, about);
  const fact = `${the(trigger, about)} is disabled${found.length > 0 ? `; as it is, it would fail: ${told(found)}` : ''}`;
  const kind = kindOf(trigger);
  if (kind) return cause('trigger_disabled', fact, `apply userdrift sql ${kind} again, which enables it`);
  const rivals = about.triggers.filter((other) => other !== trigger && other.insert && mayCopy(other));
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

function functionMissing(trigger: SourceTrigger, about: Case): Finding {
  const [stray, ...others] = about.strays;
  const fit = stray && others.length === 0 && defects(stray, about).length === 0 && !about.triggers.some(mayCopy);
  const fix = fit
    ? creation(trigger.name, stray.function, about)
    : `create the function again, then: ${creation(trigger.name, '<function>', about)}`;
  return cause('trigger_function_missing', `the function of ${the(trigger, about)} does not exist any more`, fix);
}

function unclear(trigger: SourceTrigger, about: Case): Finding {
  const fact = `cannot tell whether ${the(trigger, about)} copies users to ${display(about.target)}: what ${trigger.function} does shows only as it runs`;
  return cause('trigger_opaque', fact, SCHEDULE);
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
