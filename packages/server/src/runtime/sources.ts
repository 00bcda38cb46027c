/** The real clock, ids and randomness; the simulation brings its own. */
import { randomBytes } from "node:crypto";
import { AegisError } from "@aegisflow/core/errors";
import type { Clock, Ids, Random } from "../governance/ports.ts";

export function createSystemClock(): Clock {
  let lastUs = 0;
  return {
    nowMs: () => Date.now(),
    nowIso() {
      // performance gives the microseconds that Date lacks; never equal to or before the last answer.
      const wallUs = Math.floor((performance.timeOrigin + performance.now()) * 1000);
      lastUs = Math.max(wallUs, lastUs + 1);
      return isoFromMicros(lastUs);
    },
    monotonicMs: () => performance.now(),
    sleep,
  };
}

/** RFC 3339 UTC with microseconds from Unix microseconds. */
export function isoFromMicros(micros: number): string {
  const seconds = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000).padStart(6, "0")}Z`;
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new AegisError("cancelled", "the wait was cancelled"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, delayMs);
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
};

/** UUIDv7 (RFC 9562 5.7) with a 12-bit counter, so that ids of one process sort in the order they were made. */
export function createUuidIds(clock: Clock, random: Random): Ids {
  let lastMs = 0;
  let counter = 0;
  return {
    next() {
      const nowMs = Math.max(clock.nowMs(), lastMs);
      counter = nowMs === lastMs ? counter + 1 : 0;
      // The counter is full: borrow from the future rather than repeat.
      lastMs = counter > 0xfff ? nowMs + 1 : nowMs;
      if (counter > 0xfff) counter = 0;
      const tail = Buffer.from(random.bytes(8));
      tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
      const time = lastMs.toString(16).padStart(12, "0");
      const hex = tail.toString("hex");
      const version = `7${counter.toString(16).padStart(3, "0")}`;
      return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${hex.slice(0, 4)}-${hex.slice(4)}`;
    },
  };
}
