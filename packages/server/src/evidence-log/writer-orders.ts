/** Orders to the writer that somebody waits for, besides batches: each kind is answered in the order it was given. */
import type { AegisError } from "@aegisflow/core";

export type OrderKind = "checkpoint" | "replace-keys" | "close";

interface Waiter {
  readonly kind: OrderKind;
  readonly resolve: () => void;
  readonly reject: (error: AegisError) => void;
}

export class WriterOrders {
  #waiting: Waiter[] = [];
  #failure: AegisError | undefined;

  /** Gives the order; resolves when it was answered. @throws AegisError the log's failure. */
  give(kind: OrderKind, order: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#waiting.push({ kind, resolve, reject });
      order();
    });
  }

  answered(kind: OrderKind): void {
    const at = this.#waiting.findIndex((waiter) => waiter.kind === kind);
    const [waiter] = at < 0 ? [] : this.#waiting.splice(at, 1);
    waiter?.resolve();
  }

  /** Nothing is answered any more. */
  fail(error: AegisError): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
