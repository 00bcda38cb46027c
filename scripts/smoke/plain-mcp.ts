/** An MCP client of a few lines of fetch, without any SDK: what the wire really says (protocol 2025-11-25). */

export interface PlainAnswer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

export interface PlainMcp {
  request(method: string, params: Readonly<Record<string, unknown>>): Promise<PlainAnswer>;
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<PlainAnswer>;
}

const PROTOCOL_VERSION = "2025-11-25";

export const INITIALIZE_PARAMS = {
  protocolVersion: PROTOCOL_VERSION,
  capabilities: {},
  clientInfo: { name: "smoke", version: "1" },
};

export async function connectPlainMcp(url: string, key: string): Promise<PlainMcp> {
  let session: string | undefined;
  let nextId = 0;

  async function post(message: object): Promise<string> {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${key}`,
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        "MCP-Protocol-Version": PROTOCOL_VERSION,
        ...(session === undefined ? {} : { "Mcp-Session-Id": session }),
      },
      body: JSON.stringify(message),
    });
    session = response.headers.get("mcp-session-id") ?? session;
    return response.text();
  }

  async function request(method: string, params: Readonly<Record<string, unknown>>): Promise<PlainAnswer> {
    nextId += 1;
    return answerTo(nextId, await post({ jsonrpc: "2.0", id: nextId, method, params }));
  }

  await request("initialize", INITIALIZE_PARAMS);
  await post({ jsonrpc: "2.0", method: "notifications/initialized" });
  return { request, call: (name, args) => request("tools/call", { name, arguments: args }) };
}

/** The answer is the whole body, or one event of a stream that may carry notifications before it. */
function answerTo(id: number, body: string): PlainAnswer {
  const messages = body.startsWith("{") ? [body] : [...body.matchAll(/^data: ?(.+)$/gm)].map(([, data = ""]) => data);
  for (const message of messages) {
    const parsed: PlainAnswer & { readonly id?: number } = JSON.parse(message);
    if (parsed.id === id) return parsed;
  }
  throw new Error(`no answer to request ${id} in: ${body.slice(0, 500)}`);
}
