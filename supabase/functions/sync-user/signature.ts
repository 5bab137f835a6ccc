import type { Webhook } from 'standardwebhooks';

/**
 * Whether one of the secrets signed this body, not more than five minutes ago or ahead; as Standard Webhooks has it, and
 * the library compares in constant time. The body must be the text as it was sent: JSON that was parsed and written again
 * has another signature.
 */
export function isSigned(body: string, headers: Headers, verifiers: readonly Webhook[]): boolean {
  const signed = Object.fromEntries(headers);
  return verifiers.some((verifier) => {
    try {
      verifier.verify(body, signed, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  });
}
