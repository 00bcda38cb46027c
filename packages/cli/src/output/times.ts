/** Times as people read them: to the second, and how far away they are. */

/** `2026-11-23T10:11:12.123456Z` to `2026-11-23 10:11:12Z`; anything else stays as it is. */
export function toShortTime(time: string): string {
  return time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, "$1 $2Z");
}

/** `in 29 min`, `12 s ago`; rounded down to the largest unit that fits. */
export function toRelativeTime(time: string, nowMs: number): string {
  const distanceMs = Date.parse(time) - nowMs;
  if (Number.isNaN(distanceMs)) return time;
  const seconds = Math.floor(Math.abs(distanceMs) / 1000);
  const [unitSeconds, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
  const amount = `${Math.floor(seconds / unitSeconds)} ${unit}`;
  return distanceMs >= 0 ? `in ${amount}` : `${amount} ago`;
}

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
] as const;
