/**
 * Asking a client of the legacy era: a JSON-RPC request on its stream, answered by a POST of its own. Used for what
 * upstreams want to know (sampling, elicitation, roots); never for anything of the gateway's.
 */
import type { JsonObject } from "@aegisflow/core";
import type { Ids } from "../../governance/ports.ts";
import type { RpcAnswer } from "./wire/json-rpc.ts";
import { encodeNotification, encodeRequest } from "./wire/json-rpc.ts";
import { METHOD_NOT_FOUND, RpcError, UPSTREAM_FAILED } from "./wire/rpc-error.ts";

/** Open questions to one client. */
const QUESTIONS_MAX = 64;

export interface AskPorts {
  readonly ids: Ids;
  readonly questions: Map<string, (answer: RpcAnswer) => void>;
  /** False when the client cannot be reached. */
  readonly send: (message: string) => boolean;
}

export function askClient(
  ports: AskPorts,
  method: string,
  params: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { questions, send } = ports;
  if (questions.size >= QUESTIONS_MAX)
    throw new RpcError(UPSTREAM_FAILED, "the client leaves too many questions unanswered");
  const id = `aegisflow-${ports.ids.next()}`;
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      questions.delete(id);
      signal.removeEventListener("abort", withdraw);
      finish();
    };
    const withdraw = (): void =>
      settle(() => {
        send(encodeNotification("notifications/cancelled", { requestId: id, reason: "no longer needed" }));
        reject(new RpcError(UPSTREAM_FAILED, "the question was withdrawn"));
      });
    questions.set(id, ({ result, error }) =>
      settle(() => {
        if (result !== undefined) resolve(result);
        else
          reject(
            new RpcError(error?.code ?? UPSTREAM_FAILED, error?.message ?? "the client answered without a result"),
          );
      }),
    );
    signal.addEventListener("abort", withdraw, { once: true });
    if (signal.aborted) return withdraw();
    if (!send(encodeRequest(id, method, toLegacyQuestion(ports.ids, method, params)))) {
      settle(() => reject(new RpcError(METHOD_NOT_FOUND, "the client takes no event stream, so it cannot be asked")));
    }
  });
}

/** URL elicitation of the legacy era has an id. */
function toLegacyQuestion(ids: Ids, method: string, params: JsonObject): JsonObject {
  const needsId = method === "elicitation/create" && params["mode"] === "url" && params["elicitationId"] === undefined;
  return needsId ? { ...params, elicitationId: ids.next() } : params;
}
