import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Certificates made on the spot: none to keep in the repository, none that expires there. */
export interface Issued {
  pem: string;
  key: KeyObject;
  name: string;
}

const ECDSA_SHA256 = tlv(0x30, oid('2a8648ce3d040302'));
const CA_ONLY = extension('551d13', tlv(0x30, Buffer.from('0101ff', 'hex')));

/** A root that signs itself. */
export function makeAuthority(name: string): Issued {
  return issue({ name, issuer: null, extensions: [CA_ONLY], days: 3650 });
}

/** A server's certificate for one host name; negative `days`: it expired that long ago. */
export function makeServerCertificate(host: string, issuer: Issued, days = 3650): Issued {
  const hostName = tlv(0x82, Buffer.from(host));
  return issue({ name: host, issuer, extensions: [extension('551d11', tlv(0x30, hostName))], days });
}

function issue(plan: { name: string; issuer: Issued | null; extensions: Buffer[]; days: number }): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = tlv(
    0x30,
    tlv(0xa0, integer(2)),
    integer(1 + Math.floor(Math.random() * 0x7fff_fffe)),
    ECDSA_SHA256,
    distinguished(plan.issuer?.name ?? plan.name),
    tlv(0x30, time(-7300), time(plan.days)),
    distinguished(plan.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, tlv(0x30, ...plan.extensions)),
  );
  const signature = sign('sha256', body, plan.issuer?.key ?? privateKey);
  const whole = tlv(0x30, body, ECDSA_SHA256, tlv(0x03, Buffer.of(0), signature));
  return { pem: pemOf(whole), key: privateKey, name: plan.name };
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** One DER element: tag, length, value. */
function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length =
    value.length < 0x80 ? Buffer.of(value.length) : Buffer.of(0x82, value.length >> 8, value.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, value]);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return tlv(0x02, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]));
}

function distinguished(name: string): Buffer {
  return tlv(0x30, tlv(0x31, tlv(0x30, oid('550403'), tlv(0x0c, Buffer.from(name)))));
}

function time(daysFromNow: number): Buffer {
  const date = new Date(Date.now() + daysFromNow * 86_400_000);
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
}

function extension(id: string, value: Buffer): Buffer {
  return tlv(0x30, oid(id), tlv(0x04, value));
}
