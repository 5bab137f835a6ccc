/** What GitHub's runner makes of the output of a step. */
export interface RunnerLog {
  /** What a reader of the log sees. */
  seen: string;
  annotations: { level: string; title: string; message: string }[];
  masks: string[];
  matchers: Set<string>;
  /** Commands that were printed while commands were stopped. */
  harmless: string[];
}

interface Command {
  name: string;
  properties: Record<string, string>;
  data: string;
}

/** Reads output as actions/runner does (ActionCommandManager): `::name key=value::data` and `##[name]data`, until they are stopped. */
export function readRunnerLog(output: string): RunnerLog {
  const log: RunnerLog = { seen: '', annotations: [], masks: [], harmless: [], matchers: new Set(SETUP_NODE) };
  let stopped: string | null = null;
  for (const line of output.split('\n')) {
    const command = parseCommand(line);
    if (stopped !== null && command?.name === stopped) stopped = null;
    else if (stopped !== null && command) log.harmless.push(line);
    else if (command?.name === 'stop-commands') stopped = command.data;
    else if (command) {
      obey(command, log);
      continue;
    }
    log.seen += `${hide(line, log.masks)}\n`;
  }
  if (stopped !== null) throw new Error('commands stay stopped');
  return log;
}

/** The matchers that actions/setup-node adds. */
const SETUP_NODE = ['tsc', 'eslint-stylish', 'eslint-compact'];

function obey({ name, properties, data }: Command, log: RunnerLog): void {
  if (name === 'add-mask') log.masks.push(data);
  else if (name === 'remove-matcher') log.matchers.delete(properties.owner ?? '');
  else if (['error', 'warning', 'notice'].includes(name)) {
    const [title, message] = [properties.title ?? '', data].map((text) => hide(text, log.masks));
    log.annotations.push({ level: name, title: title ?? '', message: message ?? '' });
  } else throw new Error(`unexpected command ${name}`);
}

function hide(line: string, masks: readonly string[]): string {
  return [...masks].sort((a, b) => b.length - a.length).reduce((text, secret) => text.replaceAll(secret, '***'), line);
}

function parseCommand(line: string): Command | null {
  const [, name, properties = '', data = ''] =
    /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(line) ?? /##\[([\w-]+)(?: (.*?))?\](.*)$/.exec(line) ?? [];
  if (name === undefined) return null;
  const pairs = properties
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  return {
    name,
    properties: Object.fromEntries(pairs.map(([key = '', ...value]) => [key, decode(value.join('='))])),
    data: decode(data),
  };
}

function decode(text: string): string {
  return text
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%25', '%');
}
