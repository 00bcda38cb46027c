/** Raw HTTP for attacks: fetch would normalise what an attacker wants to send. */
import { type ClientRequest, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body, or the last event of a stream. */
  // biome-ignore lint/suspicious/noExplicitAny: an attacker's answers have no schema
  readonly json: any;
}

export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
  /** Everything that has come so far, each time more comes. */
  readonly onText?: (text: string) => void;
}

/** `request`: to break the connection off. */
export function sendRaw(
  port: number,
  sent: Sent,
): { readonly request: ClientRequest; readonly answer: Promise<Answer> } {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const { method = "POST", path = "/mcp" } = sent;
  const json = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
  const headers = { ...json, ...sent.headers };
  const outgoing = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
    let text = "";
    response.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      sent.onText?.(text);
    });
    response.on("end", () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) }),
    );
  });
  outgoing.on("error", (error) => resolve({ status: 0, headers: {}, text: String(error), json: undefined }));
  if (sent.body === undefined) outgoing.end();
  else outgoing.end(typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body));
  return { request: outgoing, answer: promise };
}

function jsonOf(text: string): unknown {
  // By hand: in a regular expression a line also ends at U+2028, which may stand in the data.
  const last = text.split("\n").findLast((line) => line.startsWith("data: {"));
  try {
    return JSON.parse(last?.slice("data: ".length) ?? text);
  } catch {
    return undefined;
  }
}

export function rpc(method: string, params: object, id: number | string = 1): object {
  return { jsonrpc: "2.0", id, method, params };
}

/** Body and headers of a request of 2026-07-28. */
export function modernRpc(method: string, params: object, capabilities: object = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": capabilities,
    "io.modelcontextprotocol/clientInfo": { name: "attacker", version: "1" },
  };
  const name = "name" in params && typeof params.name === "string" ? { "Mcp-Name": params.name } : {};
  const headers: Record<string, string> = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, ...name };
  return { body: rpc(method, { ...params, _meta }), headers };
}
