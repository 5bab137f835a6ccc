import { Fault } from '../fault.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * An address that a secret or a token may be sent to: https, and plain http on this machine only; no user name, no
 * fragment. Throws a Fault that says `what` the address is, and never the address: it is a secret itself.
 */
export function webUrl(text: string, what: string, verdict: 'failed' | 'usage' = 'failed'): URL {
  const refuse = (why: string, fix: string) => new Fault('url_invalid', `${what} ${why}`, { fix, verdict });
  const url = URL.parse(text);
  if (url === null) throw refuse('is not a URL', 'copy it whole, from https:// on');
  const plain = url.protocol === 'http:' && LOOPBACK.test(url.hostname);
  if (url.protocol !== 'https:' && !plain) throw refuse('does not begin with https://', 'use https');
  if (url.username !== '' || url.password !== '') throw refuse('has a user name in it', 'leave it out');
  return url;
}
