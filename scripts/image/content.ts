import { execFileSync } from 'node:child_process';
import { podman } from './podman.ts';

export interface ImageFile {
  /** absolute, as in the image */
  path: string;
  folder: boolean;
  bytes: number;
  /** permissions, setuid and setgid */
  mode: number;
  uid: number;
}

/** Hands out where the files of an image stand. */
export function withFilesOf<T>(image: string, work: (root: string) => T): T {
  const root = podman('image', 'mount', image);
  try {
    return work(root);
  } finally {
    podman('image', 'unmount', image);
  }
}

/** Every file, folder and link below a root, in the order of their paths. */
export function filesBelow(root: string): ImageFile[] {
  // Not readdir, which follows links: /dev/fd leads out of the image.
  const lines = execFileSync('find', [root, '-mindepth', '1', '-printf', '%y %s %m %U /%P\\n'], {
    encoding: 'utf8',
    maxBuffer,
  });
  return lines
    .trimEnd()
    .split('\n')
    .map(fileOf)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const maxBuffer = 2 ** 28;

function fileOf(line: string): ImageFile {
  const [, kind, bytes, mode = '', uid, path = ''] = /^(\w) (\d+) (\d+) (\d+) (.*)$/s.exec(line) ?? [];
  return { path, folder: kind === 'd', bytes: Number(bytes), mode: Number.parseInt(mode, 8), uid: Number(uid) };
}
