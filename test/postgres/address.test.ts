import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { type Address, parseAddress } from '../../src/postgres/address.ts';
import { makeAuthority } from '../support/certificate.ts';

const CANARY = 'canary-7Hq2';
const read = (url: string, rootCert: string | null = null) => parseAddress(url, { rootCert });
const passwordOf = ({ config }: Address) =>
  typeof config.password === 'function' ? config.password() : config.password;

function faultOf(url: string, rootCert: string | null = null): Fault {
  try {
    read(url, rootCert);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no fault');
}

describe('the parts', () => {
  test('of a complete URL', () => {
    expect(read('postgresql://postgres.ref:s%23cret@AWS-0-eu.pooler.supabase.com:5432/app%20db')).toMatchObject({
      host: 'aws-0-eu.pooler.supabase.com',
      port: 5432,
      user: 'postgres.ref',
      database: 'app db',
      style: 'session pooler',
      notes: [],
    });
  });

  test('that are left out', () => {
    const address = read(' postgres://me@localhost\n');
    expect(address).toMatchObject({ host: 'localhost', port: 5432, user: 'me', database: 'postgres' });
    expect(passwordOf(address)).toBe('');
  });

  test('a colon belongs to the password, as in libpq', () => {
    expect(passwordOf(read('postgresql://u:a:b@localhost/d'))).toBe('a:b');
  });

  test.each([
    ['postgresql://u:p@[2001:db8::7]:6000/d', '2001:db8::7', 6000],
    ['postgresql://u:p@localhost/d?host=/var/run/postgresql&port=5433', '/var/run/postgresql', 5433],
    ['postgresql://u@/d?host=/tmp', '/tmp', 5432],
    ['postgresql://u@%2Ftmp/d', '/tmp', 5432],
    ['postgresql://u@localhost:1/d?host=db.example.org', 'db.example.org', 1],
  ])('host and port of %s', (url, host, port) => {
    expect(read(url)).toMatchObject({ host, port, config: { host, port } });
  });

  test.each([
    ['db.abc.supabase.co:5432', 'direct'],
    ['db.abc.supabase.co', 'direct'],
    ['db.abc.supabase.co:6543', 'transaction pooler'],
    ['aws-1-eu-west-1.pooler.supabase.com:5432', 'session pooler'],
    ['aws-1-eu-west-1.pooler.supabase.com:6543', 'transaction pooler'],
    ['aws-1-eu-west-1.pooler.supabase.com:5432/postgres?pgbouncer=true', 'transaction pooler'],
    ['db.example.org:5432', 'unknown'],
    ['db.abc.supabase.co.example.org', 'unknown'],
    ['pooler.supabase.com.example.org', 'unknown'],
  ])('%s is: %s', (rest, style) => {
    expect(read(`postgresql://u:p@${rest}`).style).toBe(style);
  });
});

describe('TLS', () => {
  const loopback = ['localhost', '127.0.0.1', '127.9.8.7', '[::1]', '[0:0:0:0:0:0:0:1]', '%2Ftmp'];
  const remote = [
    'db.example.org',
    '10.0.0.1',
    '[::2]',
    '127.example.org',
    'localhost.example.org',
    '128.0.0.1',
    '127.1',
  ];

  test.each(loopback)('is off by default for %s', (host) => {
    expect(read(`postgresql://u:p@${host}/d`).config.ssl).toBe(false);
  });

  test.each(loopback.slice(0, -1))('is on for %s when asked for', (host) => {
    for (const query of ['sslmode=require', 'sslmode=verify-ca', 'sslmode=verify-full', 'ssl=true', 'ssl=1']) {
      expect(read(`postgresql://u:p@${host}/d?${query}`).config.ssl).toMatchObject({ rejectUnauthorized: true });
    }
  });

  test('does not exist on a socket of the file system', () => {
    expect(read('postgresql://u:p@%2Ftmp/d?sslmode=require').config.ssl).toBe(false);
  });

  test.each(remote)('is verify-full for %s, whatever weaker mode is given', (host) => {
    for (const query of ['', 'sslmode=allow', 'sslmode=prefer', 'sslmode=require', 'sslmode=verify-ca', 'ssl=true']) {
      const { ssl } = read(`postgresql://u:p@${host}/d?${query}`).config;
      expect(ssl).toMatchObject({ rejectUnauthorized: true });
    }
  });

  test.each(remote)('cannot be turned off for %s', (host) => {
    for (const query of ['sslmode=disable', 'sslmode=no-verify', 'ssl=false', 'ssl=0', 'ssl=no-verify']) {
      expect(faultOf(`postgresql://u:p@${host}/d?${query}`).code).toBe('plaintext_refused');
    }
    expect(faultOf(`postgresql://u:p@localhost/d?host=${host.replace(/[[\]]/g, '')}&sslmode=disable`).code).toBe(
      'plaintext_refused',
    );
  });

  test('names the server, but no IP address', () => {
    expect(read('postgresql://u:p@db.example.org/d').config.ssl).toMatchObject({ servername: 'db.example.org' });
    expect(read('postgresql://u:p@10.0.0.1/d').config.ssl).not.toHaveProperty('servername');
  });

  test('trusts the given CA, also with its line breaks written out', () => {
    const { pem } = makeAuthority('Test CA');
    for (const text of [
      pem,
      `# the root\n${pem}`,
      pem.replaceAll('\n', '\\n'),
      pem + pem,
      pem.replaceAll('\n', '\r\n'),
    ]) {
      const { ssl } = read('postgresql://u:p@db.example.org/d', text).config;
      expect(ssl).toMatchObject({ ca: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/) });
    }
    expect(read('postgresql://u:p@db.example.org/d').config.ssl).not.toHaveProperty('ca');
  });

  test.each(['', 'prod-ca-2021.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'refuses %j as a CA',
    (text) => {
      const fault = faultOf('postgresql://u:p@db.example.org/d', text);
      expect(fault).toMatchObject({ code: 'ca_certificate_invalid' });
      expect(fault.message).toMatch(/PGSSLROOTCERT or DATABASE_CA_CERT/);
    },
  );

  test('an unknown mode is a fault', () => {
    expect(faultOf('postgresql://u:p@localhost/d?sslmode=maybe').code).toBe('database_url_sslmode');
    expect(faultOf('postgresql://u:p@localhost/d?ssl=maybe').code).toBe('database_url_sslmode');
  });
});

describe('what goes wrong when a URL is pasted', () => {
  test.each([
    ['', 'database_url_missing'],
    [' \n', 'database_url_missing'],
    ['"postgresql://u:p@h/d"', 'database_url_quoted'],
    ['https://abc.supabase.co', 'database_url_is_api_url'],
    ['mysql://u:p@h/d', 'database_url_scheme'],
    ['host=h user=u', 'database_url_scheme'],
    ['postgresql:/u:p@h/d', 'database_url_scheme'],
    ['postgresql://postgres:[YOUR-PASSWORD]@db.a.supabase.co/postgres', 'database_url_placeholder'],
    ['postgresql://postgres:[YOUR_PASSWORD]@db.a.supabase.co/postgres', 'database_url_placeholder'],
    ['postgresql://postgres:%5BYOUR-PASSWORD%5D@db.a.supabase.co/postgres', 'database_url_placeholder'],
    ['postgresql://postgres:p@db.[YOUR-PROJECT-REF].supabase.co/postgres', 'database_url_placeholder'],
    ['postgresql://u:p@ss@h/d', 'database_url_unescaped'],
    ['postgresql://u:p#ss@h/d', 'database_url_unescaped'],
    ['postgresql://u:p@h/d#x', 'database_url_unescaped'],
    ['postgresql://u:p/ss@h/d', 'database_url_unescaped'],
    ['postgresql://u:p?ss@h/d', 'database_url_unescaped'],
    ['postgresql://u:p@s?s@h/d', 'database_url_unescaped'],
    ['postgresql://u:50%off@h/d', 'database_url_unescaped'],
    ['postgresql://u:p%00@h/d', 'database_url_unescaped'],
    ['postgresql://u:p%ff@h/d', 'database_url_unescaped'],
    ['postgresql://:p@h/d', 'database_url_user'],
    ['postgresql://h/d', 'database_url_user'],
    ['postgresql://u:p@/d', 'database_url_host'],
    ['postgresql://u:p@a,b/d', 'database_url_host'],
    ['postgresql://u:p@a b/d', 'database_url_host'],
    ['postgresql://u:p@[nonsense]/d', 'database_url_host'],
    ['postgresql://u:p@h:/d?port=x', 'database_url_port'],
    ['postgresql://u:p@h:5432x/d', 'database_url_port'],
    ['postgresql://u:p@h:0/d', 'database_url_port'],
    ['postgresql://u:p@h:65536/d', 'database_url_port'],
    ['postgresql://u:p@2001:db8::7/d', 'database_url_port'],
  ])('%j is a fault: %s', (url, code) => {
    expect(faultOf(url).code).toBe(code);
  });

  test('the fix says how to percent-encode', () => {
    expect(faultOf('postgresql://u:p@ss@h/d').fix).toMatch(/@ is %40/);
    expect(faultOf('https://abc.supabase.co').fix).toMatch(/SUPABASE_URL/);
  });

  test('parameters of other tools are named and ignored', () => {
    const { notes, config } = read(
      'postgresql://u:p@localhost/d?pgbouncer=true&connection_limit=1&options=-c%20x%3Dy&application_name=me&sslrootcert=ca.crt',
    );
    expect(notes.map(({ code }) => code)).toEqual([
      'database_url_pgbouncer',
      'database_url_sslrootcert',
      'database_url_parameters_ignored',
    ]);
    expect(notes[2]?.message).toMatch(/ignored: connection_limit, options, application_name$/);
    // Whatever else were here would travel to the server with the start-up message.
    expect(new Set(Object.keys(config))).toEqual(
      new Set(['host', 'port', 'user', 'database', 'password', 'ssl', 'sslnegotiation']),
    );
  });

  test('sslrootcert=system is what holds anyway', () => {
    expect(read('postgresql://u:p@db.example.org/d?sslmode=verify-full&sslrootcert=system').notes).toEqual([]);
  });

  test('brackets left around the password are noted', () => {
    expect(read('postgresql://u:[secret]@localhost/d').notes[0]?.code).toBe('database_url_brackets');
    expect(read('postgresql://u:%5Bsecret%5D@localhost/d').notes).toEqual([]);
  });
});

describe('for every', () => {
  const wellFormed = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'));
  const placeholder = /YOUR[-_ ]/i;

  test('percent-encoded user, password and database: they come back as they were', () => {
    const texts = wellFormed.filter((text) => text !== '' && !placeholder.test(text));
    fc.assert(
      fc.property(texts, texts, texts, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        const address = read(`postgresql://${u}:${p}@db.example.org:6000/${d}`);
        expect(address).toMatchObject({ user, database, host: 'db.example.org', port: 6000, notes: [] });
        expect(passwordOf(address)).toBe(password);
      }),
    );
  });

  test('text at all: an address or a Fault, nothing else', () => {
    const piece = fc.constantFrom(
      ...'@:/?#[]%&=,',
      'postgresql://',
      'h',
      '5432',
      'sslmode=',
      'host=',
      '::1',
      '%zz',
      '%00',
    );
    const nearly = fc
      .array(fc.oneof(piece, fc.string({ maxLength: 3 })))
      .map((pieces) => `postgresql://${pieces.join('')}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly, fc.webUrl()), fc.option(fc.string()), (url, rootCert) => {
        try {
          read(url, rootCert);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('raw password, fit for a URL or not: it is in no message, fix, note, JSON or inspection', () => {
    const around = fc.array(fc.constantFrom(...'@:/?#[]%&=, x'), { maxLength: 4 }).map((parts) => parts.join(''));
    const host = fc.constantFrom('localhost', 'db.abc.supabase.co:5432', '[::1]:1', 'h:x', '', 'h?pgbouncer=true&a=b');
    fc.assert(
      fc.property(
        around,
        around,
        host,
        fc.constantFrom('postgresql', 'https', 'postgres'),
        (head, tail, at, scheme) => {
          expect(everythingSaid(`${scheme}://u:${head}${CANARY}${tail}@${at}/d`)).not.toContain(CANARY);
        },
      ),
      { numRuns: 2000 },
    );
  });

  function everythingSaid(url: string): string {
    try {
      const address = read(url);
      return JSON.stringify(address) + inspect(address, { depth: 9 });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return `${error.message} ${error.fix} ${error.code} ${JSON.stringify(error)} ${inspect(error, { depth: 9 })}`;
    }
  }
});

test('without the user, the password of `user:password/db` is not quoted as a port', () => {
  const fault = faultOf(`postgresql://user:${CANARY}/db`);
  expect(inspect([fault, fault.message, fault.fix])).not.toContain(CANARY);
});
