/**
 * While a call is held for a person: tells the client so every few seconds, if it asked for progress. Progress must
 * only ever grow, so what the upstream reports later is lifted above what was said here.
 */
import type { JsonObject } from "@aegisflow/core";
import type { ApprovalView, Clock } from "../../governance/ports.ts";
import type { ClientLink, Exchange } from "./exchange.ts";

const TELL_EVERY_MS = 5_000;
/** Small enough to be nothing beside real progress. */
const STEP = 1e-6;

export interface ApprovalWait {
  /** The link to use for the rest of the call. */
  readonly link: ClientLink;
  /** To be given to the pipeline. */
  readonly onWaiting: (approval: ApprovalView) => void;
  stop(): void;
}

export function createApprovalWait(exchange: Exchange, clock: Pick<Clock, "sleep">): ApprovalWait {
  const stopped = new AbortController();
  const { progressToken } = exchange.meta;
  let last = 0;

  const tell = async (approval: ApprovalView): Promise<void> => {
    try {
      for (;;) {
        last += STEP;
        const message = `waiting for approval: ${approval.url}`;
        exchange.link.notify("notifications/progress", { progressToken: progressToken ?? "", progress: last, message });
        await clock.sleep(TELL_EVERY_MS, stopped.signal);
      }
    } catch {
      // The wait is over.
    }
  };

  const lift = (params: JsonObject): JsonObject => {
    const progress = params["progress"];
    if (last === 0 || typeof progress !== "number") return params;
    last = progress > last ? progress : last + STEP;
    return { ...params, progress: last };
  };

  return {
    link: {
      ask: (method, params, signal) => exchange.link.ask(method, params, signal),
      notify(method, params) {
        stopped.abort();
        exchange.link.notify(method, method === "notifications/progress" ? lift(params) : params);
      },
    },
    onWaiting(approval) {
      if (progressToken !== undefined) void tell(approval);
    },
    stop: () => stopped.abort(),
  };
}
