// Preloaded into a CLI (`node --import`): writes what it has loaded by its end to the file that LOADED_MODULES names.
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const urls = new Set<string>();
registerHooks({
  load(url, context, next) {
    urls.add(url);
    return next(url, context);
  },
});
process.on('exit', () => writeFileSync(process.env.LOADED_MODULES ?? '', JSON.stringify([...urls])));
