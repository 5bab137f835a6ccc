/** A sign-up with so much metadata would not fit into its own token. */
export const LARGEST_BODY_BYTES = 64 * 1024;

/**
 * The body as the text that was sent, byte order mark included; `too_large` as soon as it is, whatever content-length
 * says, and `unreadable` when it is no UTF-8 or the sender went away.
 */
export async function readBody(request: Request): Promise<{ text: string } | { fault: 'too_large' | 'unreadable' }> {
  if (Number(request.headers.get('content-length')) > LARGEST_BODY_BYTES) return { fault: 'too_large' };
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let bytes = 0;
  let text = '';
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > LARGEST_BODY_BYTES) return { fault: 'too_large' };
      text += decoder.decode(chunk, { stream: true });
    }
    return { text: text + decoder.decode() };
  } catch {
    return { fault: 'unreadable' };
  }
}
