/** Virtual time: nothing waits for real, and the seed decides when time passes. */
import { AegisError } from "@aegisflow/core";
import { isoFromMicros } from "../../runtime/sources.ts";
import type { Clock } from "../ports.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class SimClock implements Clock {
  #nowUs = 1_800_000_000_000_000;
  #sleepers: Sleeper[] = [];

  nowMs(): number {
    return Math.floor(this.#nowUs / 1000);
  }

  nowIso(): string {
    this.#nowUs += 1;
    return isoFromMicros(this.#nowUs);
  }

  monotonicMs(): number {
    return this.#nowUs / 1000;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.nowMs() + delayMs, wake: resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(new AegisError("cancelled", "the wait was cancelled"));
      });
    });
  }

  /** Moves to the earliest sleeper and wakes it; false when nobody sleeps. */
  advance(): boolean {
    const [next] = this.#sleepers.toSorted((a, b) => a.atMs - b.atMs);
    if (next === undefined) return false;
    this.#sleepers = this.#sleepers.filter((other) => other !== next);
    this.#nowUs = Math.max(this.#nowUs, next.atMs * 1000);
    next.wake();
    return true;
  }

  skip(ms: number): void {
    this.#nowUs += ms * 1000;
  }
}
