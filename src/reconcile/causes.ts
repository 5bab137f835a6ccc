import type { Facts, Finding, SignUps, SourceTrigger } from '../port.ts';
import { display, ident, type Name } from '../sql/name.ts';
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
  const losses = enabled.some(isSound) ? [] : lossesOf(about, missing !== 0);
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

/** Copies every sign-up, and lets nobody in whom it could not copy. */
function isSound(trigger: SourceTrigger): boolean {
  return trigger.insert && trigger.mentions && trigger.missing.length === 0 && doubts(trigger).length === 0;
}

function lossesOf(about: Case, lost: boolean): Finding[] {
  const arriving = about.triggers.filter(({ insert }) => insert);
  const gone = arriving.filter((trigger) => trigger.function === null);
  const off = arriving.filter((trigger) => !trigger.enabled && isOurs(trigger));
  const broken = arriving.filter((trigger) => trigger.missing.length > 0 && (trigger.enabled || isOurs(trigger)));
  const firing = arriving.filter((trigger) => trigger.enabled);
  const unheard = lost && ![...gone, ...off, ...broken].length && !firing.some(isOurs);
  return [
    ...off.map((trigger) => disabled(trigger, about)),
    ...gone.map((trigger) => functionMissing(trigger, about)),
    ...broken.map((trigger) => callsMissing(trigger, about)),
    ...(unheard ? [uncopied(firing, about)] : []),
    ...firing.flatMap((trigger) =>
      trigger.mentions ? doubts(trigger).map((doubt) => DOUBTS[doubt](trigger, about)) : [],
    ),
    ...firing.filter(({ outward, mentions }) => outward && !mentions).map((trigger) => webhook(trigger, about)),
  ];
}

/** Has to do with the target, or tells somebody who may have. */
function isOurs({ mentions, outward }: SourceTrigger): boolean {
  return mentions || outward;
}

function cause(code: string, fact: string, fix: string): Finding {
  return { about: 'causes', level: 'warning', code, fact, fix };
}

function the({ name }: SourceTrigger, { table }: Case): string {
  return `trigger ${name} on ${table}`;
}

const SCHEDULE = 'run userdrift sync on a schedule, which copies whoever is missing';

function disabled(trigger: SourceTrigger, about: Case): Finding {
  const enable = `alter table ${about.table} enable trigger ${trigger.name};`;
  // On Supabase only supabase_auth_admin owns the table. A trigger that is replaced is enabled.
  const otherwise = trigger.remake ? ` or, without owning the table: ${trigger.remake}` : ' as the owner of the table';
  const fix = `${enable}${about.owned ? '' : otherwise}`;
  return cause('trigger_disabled', `${the(trigger, about)} is disabled`, fix);
}

function functionMissing(trigger: SourceTrigger, about: Case): Finding {
  const [stray] = about.strays;
  const fix = stray
    ? creation(trigger.name, stray.function, about)
    : `create the function again, then: ${creation(trigger.name, '<function>', about)}`;
  return cause('trigger_function_missing', `the function of ${the(trigger, about)} does not exist any more`, fix);
}

function callsMissing(trigger: SourceTrigger, about: Case): Finding {
  const names = trigger.missing.join(', ');
  const verb = trigger.missing.length === 1 ? 'does' : 'do';
  const fact = `${the(trigger, about)} runs ${trigger.function}, which needs ${names}: ${verb} not exist`;
  return cause('trigger_calls_missing', fact, `create ${names}, or replace ${trigger.function}`);
}

/** Nothing that fires on a sign-up has to do with the target. */
function uncopied(firing: readonly SourceTrigger[], about: Case): Finding {
  const { table, strays, triggers } = about;
  const target = display(about.target);
  const [stray] = strays;
  const code = firing.length > 0 ? 'trigger_elsewhere' : 'trigger_absent';
  const late = triggers.find((trigger) => trigger.enabled && !trigger.insert && trigger.mentions);
  if (stray) {
    const fact = `${stray.function} copies users to ${target}, but no trigger on ${table} runs it: dumps of schema public leave such triggers out`;
    return cause(code, fact, creation(freeName(triggers), stray.function, about));
  }
  if (late) {
    const fact = `${the(late, about)} fires on update only: who signs up and changes nothing is not copied`;
    return cause('trigger_update_only', fact, `have it fire after insert as well, or ${SCHEDULE}`);
  }
  const names = firing.slice(0, 3).map(({ name }) => name);
  const fact =
    firing.length > 0
      ? `no trigger on ${table} copies users to ${target}: ${names.join(', ')}${firing.length > 3 ? ' and others' : ''} ${firing.length > 1 ? 'do' : 'does'} something else`
      : `no trigger on ${table} fires when somebody signs up, so nothing copies users to ${target} in real time`;
  return cause(code, fact, SCHEDULE);
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

type Doubt = 'conditional' | 'invoker' | 'pathless' | 'swallows';

/** Why a trigger that copies users may not copy all of them. */
function doubts(trigger: SourceTrigger): Doubt[] {
  return (['conditional', 'invoker', 'pathless', 'swallows'] as const).filter((doubt) => trigger[doubt]);
}

const DOUBTS: Record<Doubt, (trigger: SourceTrigger, about: Case) => Finding> = {
  conditional: (trigger, about) => {
    const fact = `${the(trigger, about)} has a WHEN clause: whom it leaves out is not copied`;
    return cause(
      'trigger_conditional',
      fact,
      'if they are not expected, say so in "skip"; if they are, make it anew without',
    );
  },
  invoker: (trigger, { target }) => {
    const fact = `${trigger.function} runs as supabase_auth_admin, who may not insert into ${display(target)}`;
    return cause('trigger_invoker', fact, `alter function ${trigger.function}() security definer;`);
  },
  pathless: (trigger, { target }) => {
    const fact = `${trigger.function} names ${plain(target.name)} without its schema and sets no search_path: at sign-up it is auth`;
    const fix = `alter function ${trigger.function}() set search_path = ${plain(target.schema)}, pg_temp;`;
    return cause('trigger_pathless', fact, fix);
  },
  swallows: (trigger, about) => {
    const fact = `${the(trigger, about)} swallows the errors of ${trigger.function}: a copy that fails is silent`;
    const fix =
      'look for its warnings in the log of the database; userdrift sync names the constraint that refuses a row';
    return cause('trigger_swallows', fact, fix);
  },
};

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

function plain(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : ident(name);
}
