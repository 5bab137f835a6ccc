/** Hands over whole lines only: what follows the last one must start a line of its own. Returns what hands over the rest. */
export function byLine(stream: NodeJS.ReadableStream, write: (line: string) => void): () => void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(`${line}\n`);
  });
  return () => {
    if (rest !== '') write(`${rest}\n`);
  };
}
