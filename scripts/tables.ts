import type { Command, Option } from 'commander';
import { program } from '../src/commands/program.ts';
import { type envOf, VARIABLES } from '../src/config/env.ts';
import { EXIT_CODES } from '../src/exit-codes.ts';
import { quietTerminal } from './quiet-terminal.ts';
import { configJsonSchema } from './schemas.ts';

/** `check`, `sync`, … with what they do. */
export function commandTable(): string {
  return table(
    ['Command', 'What it does'],
    commands().map((command) => [code(`userdrift ${command.name()}`), command.description()]),
  );
}

/** Every flag, in the words of `--help`, and the commands that know it. */
export function flagTable(): string {
  const all = commands().filter((command) => command.options.length > 0);
  const flags = new Map(all.flatMap((command) => command.options.map((option) => [option.flags, option])));
  const rows = [...flags.values()].map((option) => {
    const names = all.filter((command) => command.options.some(({ flags }) => flags === option.flags));
    const where = names.length === all.length ? 'all' : names.map((command) => command.name()).join(', ');
    return [code(option.flags), meaningOf(option), where];
  });
  return table(['Flag', 'Meaning', 'Commands'], rows);
}

export function exitCodeTable(): string {
  return table(
    ['Code', 'Verdict', 'Meaning'],
    EXIT_CODES.map(({ code: number, verdicts, meaning }) => [
      String(number),
      verdicts.map(code).join(', ') || '-',
      meaning,
    ]),
  );
}

export function variableTable(): string {
  return table(
    ['Variable', 'Meaning'],
    Object.entries(VARIABLES).map(([name, meaning]) => [code(name), meaning]),
  );
}

/** Every key of userdrift.config.json, the nested ones with their path. */
export function configTable(): string {
  return table(['Key', 'Type', 'Default', 'Meaning'], keyRows(configJsonSchema(), ''));
}

/** The parts of a JSON Schema that the configuration uses. */
export interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  format?: string;
  default?: unknown;
  description?: string;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
}

/** Key, type, default and meaning of every key below `path`. */
export function keyRows(schema: object, path: string): string[][] {
  const { properties = {} }: Schema = schema;
  const documented = Object.entries(properties).filter(([key]) => key !== '$schema');
  return documented.flatMap(([key, value]) =>
    value.properties
      ? keyRows(value, `${path}${key}.`)
      : [[code(path + key), typeOf(value), defaultOf(value), value.description ?? '']],
  );
}

/** A type as a person would write it. */
export function typeOf({ const: only, enum: some, type, anyOf, items, properties, format }: Schema): string {
  if (only !== undefined) return code(JSON.stringify(only));
  if (some) return some.map((value) => code(JSON.stringify(value))).join(' or ');
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (items) return items.properties ? 'array of objects' : `array of ${typeOf(items)}s`;
  if (properties && !Object.hasOwn(properties, 'function')) return 'object';
  if (properties) return code(`{${Object.keys(properties).map((key) => `"${key}": …`)}}`);
  return [NAMED[format ?? ''] ?? type].flat().join(' or ');
}

const NAMED: Readonly<Record<string, string>> = { 'date-time': 'time', date: 'date', uuid: 'uuid', guid: 'uuid' };

function defaultOf({ default: value }: Schema): string {
  return value === undefined ? '-' : code(JSON.stringify(value));
}

function meaningOf(option: Option): string {
  return helpOf(option).replace(' (default: false)', '');
}

function helpOf(option: Option): string {
  const [command] = commands();
  if (!command) throw new RangeError('there is no command');
  return command.createHelp().optionDescription(option);
}

/** The command line without a world around it but these variables: it is only looked at. */
export function commands(variables: Parameters<typeof envOf>[0] = {}): readonly Command[] {
  const root = program(quietTerminal(variables), () => {});
  const shown = root.createHelp().visibleCommands(root);
  return root.commands.filter((command) => shown.includes(command));
}

/** Text as code in Markdown. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A table in Markdown. */
export function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}
