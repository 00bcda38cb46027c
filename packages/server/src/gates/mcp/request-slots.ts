/**
 * How many requests run at once, for all and for each caller: a call may be held for minutes, and an agent that
 * starts calls faster than they end must not take the gateway from the others.
 */
import { AegisError } from "@aegisflow/core";
import type { McpCaller } from "./exchange.ts";

export const RUNNING_MAX = 4_096;
/** Well above what an agent with many tools in parallel needs. */
export const RUNNING_PER_CALLER_MAX = 128;

export interface RequestSlots {
  /** Gives the way to free the slots. @throws AegisError `limit-exceeded` at once when there are not so many. */
  take(caller: McpCaller, count?: number): () => void;
}

export function createRequestSlots(): RequestSlots {
  const running = new Map<string, number>();
  let total = 0;
  return {
    take(caller, count = 1) {
      const key = `${caller.tenant}\0${caller.id}`;
      const own = running.get(key) ?? 0;
      if (own + count > RUNNING_PER_CALLER_MAX || total + count > RUNNING_MAX) {
        throw new AegisError(
          "limit-exceeded",
          `${own} requests of this key are running already; wait for some of them`,
        );
      }
      running.set(key, own + count);
      total += count;
      return () => {
        total -= count;
        const left = (running.get(key) ?? count) - count;
        if (left === 0) running.delete(key);
        else running.set(key, left);
      };
    },
  };
}
