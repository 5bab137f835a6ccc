import { readEnvironment } from './environment.ts';
import { handle } from './handler.ts';
import { log } from './log.ts';
import { connect } from './rpc.ts';
import { readSecrets } from './secrets.ts';

const environment = readEnvironment((name) => Deno.env.get(name));
const secrets = readSecrets(environment.webhookSecret);
const rpc = connect(environment.url, environment.key);

for (const { fault } of [secrets, rpc]) if (fault) log('error', { event: 'not_configured', message: fault });

Deno.serve((request) => handle(request, { secrets, rpc, log }));
