/** What a text means, or everything that is wrong with it. */
export type Parsed<T> = { value: T; faults?: never } | { value?: never; faults: string[] };
