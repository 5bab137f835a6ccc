// `npm run build`: dist/ and the schemas, as the package ships them.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tidyDeclarations } from './declarations.ts';
import { schemaFiles } from './schemas.ts';

const compiler = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));

// A file that is no longer in src must not live on in the package.
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
tidyDeclarations('dist', 'index.d.ts');
for (const [path, text] of Object.entries(schemaFiles())) writeFileSync(path, text);
