/** A header, and what the keys of well-known services begin with. */
const KNOWN = String.raw`\bbearer\b|\bsb_secret_|\beyJ[\w-]{10,}|\b(?:(?:sk|rk)_(?:live|test)|whsec|xox[a-z]|gh[a-z])[_-]\w{8,}`;
/** Addresses that are a secret themselves, or carry one. */
const ADDRESSES = String.raw`hooks\.slack\.com|\bdiscord(?:app)?\.com/api/webhooks|/bot\d+:|://[^\s/'"@]+:[^\s/'"@]+@`;
/** Letters and digits, made by a machine; the parts of a uuid are shorter. */
const MADE = String.raw`(?=[a-z\d]*\d)(?=\d*[a-z])[a-z\d]{20,}`;
/** The second value is the passphrase. */
const CIPHERS = String.raw`\b(?:pgp_sym_\w+|(?:en|de)crypt(?:_iv)?|hmac)\s*\(`;

const KEY = new RegExp(`${KNOWN}|${ADDRESSES}|${MADE}|${CIPHERS}`, 'i');
/** In a whole function there is more that leads to a key, and a line too few is no loss. */
const LEADS =
  /authorization|\bbasic\s+[\w+/]{8}|api[-_ ]?key|secret|passw|token|signature|[?&](?:key|code|sig|auth)=|'[\w+/=.-]{24,}'/i;

/** Does a value hold a key? It would end up in the configuration. */
export function holdsKey(text: string): boolean {
  return KEY.test(text);
}

/** May a line of a function hold a key, or a part of one? */
export function mayHoldKey(line: string): boolean {
  return KEY.test(line) || LEADS.test(line);
}
