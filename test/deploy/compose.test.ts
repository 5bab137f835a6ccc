import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseDuration } from '../../src/config/units.ts';
import { instruction } from '../support/dockerfile.ts';
import { longestStatement } from '../support/statement-limit.ts';

/** The keys of a service that the file uses, spelt as the Compose specification spells them; any other is a fault. */
const compose = z.strictObject({
  services: z.strictObject({
    userdrift: z.strictObject({
      image: z.string(),
      restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
      env_file: z.string(),
      volumes: z.array(
        z.strictObject({
          type: z.literal('bind'),
          source: z.string(),
          target: z.string(),
          read_only: z.boolean(),
          bind: z.strictObject({ create_host_path: z.boolean() }),
        }),
      ),
      ports: z.array(z.string().regex(/^[\d.]+:\d+:\d+$/)),
      healthcheck: z.strictObject({
        test: z.array(z.string()),
        interval: z.string(),
        timeout: z.string(),
        start_period: z.string(),
        retries: z.int(),
      }),
      stop_grace_period: z.string(),
      read_only: z.boolean(),
      cap_drop: z.array(z.string()),
      security_opt: z.array(z.string()),
      mem_limit: z.string().regex(/^\d+[mg]$/),
      logging: z.strictObject({ driver: z.string() }),
    }),
  }),
});

describe('the compose file', () => {
  const { userdrift } = compose.parse(parse(readFileSync('deploy/compose.yaml', 'utf8'))).services;

  it('runs the default of the image of this version, as strictly as the image allows', () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(userdrift).toMatchObject({
      image: `registry.example.com/userdrift:${version}`,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('mounts the configuration where the image looks for it, and opens the port on this machine only', () => {
    const [mount] = userdrift.volumes;
    expect(mount).toMatchObject({ target: '/config/userdrift.config.json', read_only: true });
    expect(userdrift.ports).toEqual([`127.0.0.1:8080:${instruction('EXPOSE')}`]);
  });

  it('checks its health as the image does', () => {
    const { test, interval, timeout, start_period: startPeriod, retries } = userdrift.healthcheck;
    const flags = `--interval=${interval} --timeout=${timeout} --start-period=${startPeriod} --retries=${retries}`;
    const [first, ...words] = test;
    expect(instruction('HEALTHCHECK')).toBe(`${flags} ${first} ${JSON.stringify(words).replaceAll(',', ', ')}`);
  });

  it('is given more time to stop than any statement may take', () => {
    const grace = parseDuration(userdrift.stop_grace_period) ?? Number.NaN;
    expect(grace / 1000).toBeGreaterThanOrEqual(longestStatement());
  });
});
