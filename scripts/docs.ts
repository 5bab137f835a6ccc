// `npm run docs`: rewrites what is made from the sources. test/docs.test.ts fails where that was forgotten.
import { writeFileSync } from 'node:fs';
import { generatedFiles } from './generated.ts';

for (const [path, text] of Object.entries(generatedFiles())) writeFileSync(path, text);
