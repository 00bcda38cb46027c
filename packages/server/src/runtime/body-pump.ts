/**
 * Reads a response body one chunk at a time for a listener. When the signal aborts, a waiting read ends at once
 * and the body's iterator is returned, so that a generator's `finally` runs. Shared by both runtimes.
 */

export interface BodyPump {
  /** The next chunk; undefined at the end or after an abort. Rejects when the body itself throws. */
  next(): Promise<Uint8Array | undefined>;
  /** Idempotent. */
  stop(): Promise<void>;
}

export function openBodyPump(body: AsyncIterable<Uint8Array | string>, signal: AbortSignal): BodyPump {
  const iterator = body[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    // NOTE: not awaited by readers: a generator blocked in its own await returns only when that await ends.
    stopped ??= Promise.resolve(iterator.return?.()).then(
      () => undefined,
      () => undefined,
    );
    return stopped;
  };
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  return {
    async next() {
      if (signal.aborted || stopped !== undefined) return undefined;
      const step = await Promise.race([iterator.next(), aborted]);
      if (step === undefined) {
        void stop();
        return undefined;
      }
      if (step.done === true) return undefined;
      return typeof step.value === "string" ? encoder.encode(step.value) : step.value;
    },
    stop,
  };
}
