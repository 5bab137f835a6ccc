import { CONFIG_FILE, parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Asked } from '../reconcile/job.ts';
import { shellWord } from '../reconcile/shell-word.ts';
import { renderClosing } from '../render/init-closing.ts';
import { display } from '../sql/name.ts';
import { openIn, refuseOpen, setFlags } from './init-columns.ts';
import { configOf, placeOf } from './init-config.ts';
import { textOf } from './init-files.ts';
import type { InitFlags } from './init-flags.ts';
import { propose } from './init-propose.ts';
import { writeFiles } from './init-write.ts';
import { plan } from './job.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift init`: looks at the database, proposes a configuration, and writes it with what else is wanted. */
export async function init(flags: InitFlags, terminal: Terminal): Promise<number> {
  const started = performance.now();
  const place = placeOf(flags);
  const there = await textOf(place.file);
  const read = parseConfig(there ?? '{}', place.file);
  const proposed = await propose(asked(read, flags), read, flags, terminal);
  const { job, proposal } = proposed;
  const open = openIn(proposal.columns);
  if (flags.yes) refuseOpen(job, open);
  const text = configOf(proposal, job, read, there, place.schema);
  const config = { path: place.path, text, what: 'the mapping, with its reasons' };
  const final = plan('sync', parseConfig(text, place.file), aim({}));
  const deed = open.length > 0 ? null : await writeFiles(config, final, flags, terminal);
  const again = place.file === CONFIG_FILE ? '' : ` --config ${shellWord(place.file)}`;
  const force = deed?.changes.some(({ state }) => state === 'changed') ? ' --force' : '';
  const next = {
    deed,
    check: `userdrift check${again}`,
    init: `userdrift init${repeated(flags)}${setFlags(open)} --yes${force}`,
  };
  terminal.out(renderClosing(next, performance.now() - started, terminal.look));
  return 0;
}

/** What a configuration says of the key of one table says nothing of that of another. */
function asked(read: Config, flags: InitFlags): Asked {
  const job = plan('sync', read, aim(flags));
  const { target } = job.config;
  if (!target || !read.target || display(target) === display(read.target)) return job;
  const { key: _, ...others } = read;
  return plan('sync', others, aim(flags));
}

function aim({ target, key }: InitFlags) {
  const named = { ...(target !== undefined && { target }), ...(key !== undefined && { key }) };
  return { ...named, ids: true, maxDrift: 0, transport: 'postgres' } as const;
}

function repeated({ config, target, key, dir, set = {}, with: parts }: InitFlags): string {
  const flags = Object.entries({ config, target, key, dir, with: parts?.join(',') });
  const said = Object.entries(set).map(([name, sql]) => ` --set ${shellWord(`${name}=${sql}`)}`);
  return [...flags.map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`)), ...said].join(
    '',
  );
}
