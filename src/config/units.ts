const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Longer than any run, and still a moment that PostgreSQL can subtract. */
const LONGEST_MS = 100 * 365 * MS.d;

/** `90s`, `5m`, `1.5h`, `0` → milliseconds, at most 100 years; null for anything else. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d)$/.exec(text);
  if (!match) return null;
  const ms = Math.round(Number(match[1]) * MS[match[2] as keyof typeof MS]);
  return ms <= LONGEST_MS ? ms : null;
}

/** `20%` → 0.2; null for anything that is not a percentage from 0% to 100%. */
export function parsePercent(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s?%$/.exec(text);
  const share = match ? Number(match[1]) / 100 : Number.NaN;
  return share >= 0 && share <= 1 ? share : null;
}

/** `2026-11-01`, `2026-11-01T08:00:00Z`, or a duration ago (`7d`) → ISO 8601 in UTC; null for anything else. */
export function parseMoment(text: string, nowMs: number): string | null {
  const ago = text === '0' ? null : parseDuration(text);
  if (ago !== null) return isoOf(nowMs - ago);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return null;
  const iso = isoOf(Date.parse(text));
  // Date.parse rolls 2026-02-30 over into March.
  return iso !== null && (text.length > 10 || iso.startsWith(text)) ? iso : null;
}

/** A moment that is not in the future: a since from there would find nobody, for ever and with exit 0. */
export function parsePast(text: string, nowMs: number): string | null {
  const moment = parseMoment(text, nowMs);
  return moment !== null && Date.parse(moment) <= nowMs ? moment : null;
}

function isoOf(ms: number): string | null {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : null;
}

/** `2/4` → shard 2 of 4, counted from 1; null for anything else. */
export function parseShard(text: string): { index: number; count: number } | null {
  const match = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const shard = { index: Number(match?.[1] ?? 0), count: Number(match?.[2] ?? 0) };
  return shard.index >= 1 && shard.index <= shard.count ? shard : null;
}

/** Lower-case canonical form of a uuid; null for anything else. */
export function parseUuid(text: string): string | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null;
}

/** `owner/name` as GitHub allows it; null for anything else. */
export function parseRepository(text: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/.test(text) && !/\/\.{1,2}$/.test(text) ? text : null;
}
