/** Durations and sizes as people write them in configuration, and the time format of the product. */
import { AegisError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Go-style duration (`1h30m`, `250ms`, `0s`) to milliseconds.
 * @throws AegisError `invalid-input` when it is not one.
 */
export function parseDurationMs(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) {
    throw new AegisError("invalid-input", `\`${text}\` is not a duration; write for example 30s, 5m or 1h30m`);
  }
  let totalMs = 0;
  for (const [, amount = "0", unit = "ms"] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  }
  return totalMs;
}
