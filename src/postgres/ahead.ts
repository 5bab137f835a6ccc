/** Begins the next step while the one before is being worked on. */
export async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  const step = () => {
    const next = source.next();
    // Whoever asks for it hears of it.
    next.catch(() => {});
    return next;
  };
  try {
    for (let next = step(); ; ) {
      const { done, value } = await next;
      if (done) return;
      next = step();
      yield value;
    }
  } finally {
    // Not awaited: it would first have to finish its read.
    source.return(undefined).catch(() => {});
  }
}
