/** The agent of the demo: the official MCP client SDK, with nothing but the agent's key. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type CallAnswer =
  | { readonly kind: "result"; readonly text: string }
  | { readonly kind: "error"; readonly refusal: Refusal };

export interface Agent {
  tools(): Promise<readonly string[]>;
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<CallAnswer>;
  close(): Promise<void>;
}

export async function connectAgent(mcpUrl: string, key: string): Promise<Agent> {
  const client = new Client({ name: "demo-agent", version: "1.0.0" });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(mcpUrl), { requestInit: { headers } }));
  return {
    async tools() {
      return (await client.listTools()).tools.map((tool) => tool.name);
    },
    async call(name, args) {
      try {
        const result = await client.callTool({ name, arguments: args });
        return { kind: "result", text: JSON.stringify(result.content ?? result) };
      } catch (error) {
        return { kind: "error", refusal: refusalOf(error) };
      }
    },
    close: () => client.close(),
  };
}

/** The SDK's protocol error carries code, message and data; anything else is a broken demo. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Error && "code" in error && typeof error.code === "number") {
    const data = "data" in error && typeof error.data === "object" && error.data !== null ? error.data : {};
    return { code: error.code, message: error.message, data: { ...data } };
  }
  throw error;
}
