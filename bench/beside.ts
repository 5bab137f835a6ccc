/** The other end of a companion: what it was asked to do. */
export function asked(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}

/** Says that it is ready; when told to stop, says what `finish` returns. It ends with the process that started it. */
export function serve(ready: unknown, finish: () => Promise<unknown>): void {
  process.once('disconnect', () => process.exit());
  process.once('message', () => void finish().then((last) => process.send?.(last ?? null)));
  process.send?.(ready);
}
