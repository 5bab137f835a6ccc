import { readFileSync } from 'node:fs';

const text = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ');

/** What follows an instruction of the Dockerfile, for each time that it stands there. */
export function instructions(name: string): string[] {
  return [...text.matchAll(new RegExp(`^${name} +(.*)$`, 'gm'))].map(([, rest = '']) => rest.trim());
}

/** The same for one that stands there once. */
export function instruction(name: string): string {
  const [only, ...more] = instructions(name);
  if (only === undefined || more.length > 0) throw new Error(`${name} does not stand there once`);
  return only;
}
