/** Ids of users that are written together, ascending. An array is one. */
export interface Ids {
  readonly length: number;
  [Symbol.iterator](): IterableIterator<string>;
  slice(from: number, to: number): Ids;
}

/**
 * Uuids as PostgreSQL writes and reads an array of them. What goes from one statement into the next stays the text that it is:
 * a string for each, held until a writer is free, cost the collector more than all else that the job did.
 */
export class ArrayText implements Ids {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get length(): number {
    return Math.floor(this.text.length / UUID_AND_COMMA);
  }

  [Symbol.iterator](): IterableIterator<string> {
    return idsIn(this.text).values();
  }

  slice(from: number, to: number): ArrayText {
    return new ArrayText(`{${this.text.slice(1 + from * UUID_AND_COMMA, Math.min(to, this.length) * UUID_AND_COMMA)}}`);
  }
}

const UUID_AND_COMMA = 37;

export function arrayText(ids: Ids): string {
  return ids instanceof ArrayText ? ids.text : `{${[...ids].join()}}`;
}

/** The ids in the text of an array; one that is NULL is there as `NULL`. */
export function idsIn(text: string): string[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',');
}
