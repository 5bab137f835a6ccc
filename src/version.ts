import { readFileSync } from 'node:fs';

/** The version of this package; 0.0.0 where a bundle has left its package.json behind. */
export function versionOfPackage(): string {
  try {
    const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    return typeof file === 'object' && file !== null && 'version' in file ? String(file.version) : '0.0.0';
  } catch {
    return '0.0.0';
  }
}
