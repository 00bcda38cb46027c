/**
 * The time limit of one call. Counts only the time that the upstream has: while its client is being asked something,
 * the clock of the call stands still and a longer limit for people holds instead.
 */
import type { Clock } from "../../../governance/ports.ts";

/** A person answers an elicitation; a question open longer than this ends the call. */
const CLIENT_ANSWER_MS_MAX = 10 * 60_000;

export class CallTimer {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #running = new AbortController();
  #leftMs: number;
  #startedMs: number;
  #pauses = 0;
  #stopped = false;

  constructor(clock: Clock, budgetMs: number, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.#leftMs = budgetMs;
    this.#startedMs = clock.monotonicMs();
    this.#arm(budgetMs);
  }

  pause(): void {
    if (this.#pauses++ > 0) return;
    this.#running.abort();
    this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.monotonicMs() - this.#startedMs));
    this.#arm(CLIENT_ANSWER_MS_MAX);
  }

  resume(): void {
    if (--this.#pauses > 0) return;
    this.#running.abort();
    this.#startedMs = this.#clock.monotonicMs();
    this.#arm(this.#leftMs);
  }

  stop(): void {
    this.#running.abort();
    this.#stopped = true;
  }

  #arm(delayMs: number): void {
    if (this.#stopped) return;
    this.#running = new AbortController();
    this.#clock.sleep(delayMs, this.#running.signal).then(this.#onEnd, () => undefined);
  }
}
