// `npm run image`: builds the Dockerfile with podman, over a stand-in for its base where no registry can be reached, and says
// how large it is and what of it is ours. Needs root, and: apt-get install podman runc debootstrap
import { buildImage, IMAGE } from './image/build.ts';
import { filesBelow, type ImageFile, withFilesOf } from './image/content.ts';
import { findPodman } from './image/podman.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const OURS = ['/opt/userdrift/', '/config/'];

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function megabytes(files: readonly ImageFile[]): string {
  return `${(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1)} MB`.padStart(10);
}

/** `/opt/userdrift/node_modules/zod/index.js` → `/opt/userdrift/node_modules`; deeper folders are packages. */
function folderOf(path: string): string {
  return path.split('/').slice(0, 4).join('/');
}

findPodman();
buildImage(say);
const files = withFilesOf(IMAGE, filesBelow);
const ours = files.filter(({ path }) => OURS.some((folder) => path.startsWith(folder)));
print(`${megabytes(files)}  ${IMAGE}`);
print(`${megabytes(files.filter(({ path }) => path === '/usr/local/bin/node'))}  of it Node.js`);
print(`${megabytes(ours)}  of it ours:`);
for (const [folder, group] of Map.groupBy(ours, ({ path }) => folderOf(path))) {
  print(`${megabytes(group)}  ${folder}${group.length > 1 ? ` (${group.length} files)` : ''}`);
}
