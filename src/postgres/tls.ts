import { X509Certificate } from 'node:crypto';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { ClientConfig } from 'pg';
import { Fault } from '../fault.ts';

/** Query parameters of DATABASE_URL, decoded, names in lower case. */
export type Parameters = ReadonlyMap<string, string>;

const TLS_ON = new Set(['require', 'verify-ca', 'verify-full']);
const TLS_DEFAULT = new Set(['allow', 'prefer']);
const TLS_OFF = new Set(['disable', 'no-verify']);
const SSL_FLAG = new Map([
  ['true', 'require'],
  ['1', 'require'],
  ['false', 'disable'],
  ['0', 'disable'],
]);

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.startsWith('/') || (isIPv4(host) && host.startsWith('127.')) || isLoopback6(host);
}

function isLoopback6(host: string): boolean {
  return isIPv6(host) && /^[0:]*:0*1$/.test(host);
}

/** The TLS settings for a host; `rootCert` is PEM text. Throws a Fault for what would not be checked. */
export function tlsOf(host: string, parameters: Parameters, rootCert: string | null): NonNullable<ClientConfig['ssl']> {
  const mode = sslModeOf(parameters);
  // A socket of the file system has no TLS, as in libpq.
  if (host.startsWith('/')) return false;
  if (isThisMachine(host) && !TLS_ON.has(mode ?? '')) return false;
  if (TLS_OFF.has(mode ?? '')) {
    throw new Fault(
      'plaintext_refused',
      'DATABASE_URL turns off TLS or its checks for a host that is not this machine',
      {
        fix: 'use sslmode=verify-full; PGSSLROOTCERT (a file) or DATABASE_CA_CERT (its text) names the CA of the server',
      },
    );
  }
  return {
    rejectUnauthorized: true,
    ...(rootCert !== null && { ca: certificatesOf(rootCert) }),
    // RFC 6066 knows no IP addresses in the server name; there the certificate is checked against the host itself.
    ...(isIP(host) === 0 && { servername: host }),
  };
}

function sslModeOf(parameters: Parameters): string | null {
  const flag = parameters.get('ssl');
  const mode = parameters.get('sslmode') ?? (flag === undefined ? undefined : (SSL_FLAG.get(flag) ?? flag));
  if (mode === undefined || [TLS_ON, TLS_OFF, TLS_DEFAULT].some((modes) => modes.has(mode))) return mode ?? null;
  throw new Fault('database_url_sslmode', 'the sslmode in DATABASE_URL is unknown', { fix: 'use sslmode=verify-full' });
}

function certificatesOf(text: string): string {
  // Environment files keep a line break as the two characters \n.
  const pem = text.includes('\n') ? text : text.replaceAll('\\n', '\n');
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  try {
    // A broken certificate would otherwise show up as an OpenSSL code in the middle of a connection.
    for (const block of blocks) new X509Certificate(block);
    if (blocks.length > 0) return blocks.join('\n');
  } catch {}
  throw new Fault('ca_certificate_invalid', 'PGSSLROOTCERT or DATABASE_CA_CERT holds no readable PEM certificate', {
    fix: 'download it again (dashboard: Database Settings, SSL Configuration); it starts with -----BEGIN CERTIFICATE-----',
  });
}
