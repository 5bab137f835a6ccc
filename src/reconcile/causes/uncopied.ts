import type { Finding, SourceTrigger } from '../../facts.ts';
import { display } from '../../sql/name.ts';
import { type Case, cause, creation, defects, fixes, mended, SCHEDULE, the, told } from './cause.ts';

/** Nothing that fires on a sign-up has to do with the target. */
export function uncopied(firing: readonly SourceTrigger[], about: Case): Finding {
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

/** The name of Supabase's own guides, or the first one like it that is not taken: replacing would take a trigger away. */
function freeName(triggers: readonly SourceTrigger[]): string {
  const taken = new Set(triggers.map(({ name }) => name));
  let name = 'on_auth_user_created';
  for (let count = 2; taken.has(name); count++) name = `on_auth_user_created_${count}`;
  return name;
}
