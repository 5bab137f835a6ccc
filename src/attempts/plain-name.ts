/** May this be shown as a name that a server gave? Not what is too long for one, and nothing that a terminal would obey. */
export function isPlainName(text: string): boolean {
  return Buffer.byteLength(text) <= 63 && !/\p{C}|\p{Zl}|\p{Zp}/u.test(text);
}
