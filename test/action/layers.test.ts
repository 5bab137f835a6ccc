import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const files = new Map(
  readdirSync('action', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(join('action', name), 'utf8')]),
);

/** The files with a line that the pattern finds, comments left out. */
function filesWith(pattern: RegExp): string[] {
  const lines = (text: string) => text.split('\n').filter((line) => !/^\s*(\/\/|\/?\*)/.test(line));
  return [...files].filter(([, text]) => lines(text).some((line) => pattern.test(line))).map(([name]) => name);
}

describe('the glue of the action', () => {
  test('reads the environment in one file', () => {
    expect(filesWith(/\bprocess\.(env|loadEnvFile)\b|\{ ?env ?\} = process/)).toEqual(['environment.ts']);
  });

  test('prints, exits and listens to signals in one file', () => {
    const words = /(?<![.\w])(process\.(exit|exitCode|stdin|stdout|stderr|on|once|emit|abort)\b|console\.)/;
    expect(filesWith(words)).toEqual(['main.ts']);
  });

  test('stands on src, with no package of its own', () => {
    const imports = [...files.values()].flatMap((text) =>
      [...text.matchAll(/from '([^']+)'/g)].map(([, from = '']) => from),
    );
    expect(imports.filter((from) => !/^(node:|\.\/|\.\.\/src\/)/.test(from))).toEqual([]);
    expect(imports).toContain('../src/report.ts');
  });

  test('is not known to src', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(sources.filter((name) => /\/action\//.test(readFileSync(join('src', name), 'utf8')))).toEqual([]);
  });
});
