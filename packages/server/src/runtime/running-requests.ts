/**
 * The requests a listener is working on: each has a signal, so that closing can wait for them and then end
 * them. Shared by both runtimes.
 */

export interface RunningRequest {
  readonly signal: AbortSignal;
  /** The client has gone. */
  abort(): void;
  /** The answer is complete. Idempotent; later aborts do nothing. */
  finish(): void;
}

export interface RunningRequests {
  begin(): RunningRequest;
  /** Waits until none is left or `graceMs` have passed, then aborts the rest. */
  drain(graceMs: number): Promise<void>;
}

/** How long aborted requests get to write their last bytes before the sockets are cut. */
const ABORTED_GRACE_MS = 250;

export function createRunningRequests(): RunningRequests {
  const running = new Set<AbortController>();
  let onIdle: (() => void) | undefined;

  const idle = (timeoutMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (running.size === 0) return resolve();
      const timer = setTimeout(resolve, timeoutMs);
      onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return {
    begin() {
      const controller = new AbortController();
      running.add(controller);
      return {
        signal: controller.signal,
        abort() {
          if (running.has(controller)) controller.abort(new Error("client went away"));
        },
        finish() {
          if (running.delete(controller) && running.size === 0) onIdle?.();
        },
      };
    },
    async drain(graceMs) {
      await idle(graceMs);
      for (const controller of running) controller.abort(new Error("server is closing"));
      await idle(ABORTED_GRACE_MS);
    },
  };
}
