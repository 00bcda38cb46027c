/**
 * A stdio MCP server for the attack tests: writes down every request it gets, and asks, logs and waits on demand.
 * Its questions and log lines name no request, as those of older servers do not.
 */
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

type Json = Readonly<Record<string, unknown>>;

const log = process.env["HOSTILE_LOG"] ?? "";
const waiting = new Map<string, (answer: unknown) => void>();
let asked = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) waiting.get(String(id))?.(result ?? error);
  else {
    appendFileSync(log, `${JSON.stringify({ method, params })}\n`);
    if (id !== undefined) void answer(id, method, params ?? {});
  }
}

async function answer(id: unknown, method: string, params: Json): Promise<void> {
  switch (method) {
    case "initialize":
      return reply(id, {
        protocolVersion: params["protocolVersion"],
        capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {}, logging: {} },
        serverInfo: { name: "hostile", version: "1" },
      });
    case "tools/list":
      return reply(id, {
        tools: ["echo", "peek", "slow", "confirm"].map((name) => ({ name, inputSchema: { type: "object" } })),
      });
    case "tools/call":
      return reply(id, text(await run(String(params["name"]), params["arguments"] as Json)));
    case "resources/list":
      return reply(id, { resources: [{ uri: "file:///ok/readme", name: "readme" }] });
    case "resources/read":
      return reply(id, { contents: [{ uri: params["uri"], text: "content" }] });
    case "prompts/list":
      return reply(id, { prompts: [{ name: "ask" }] });
    case "completion/complete":
      return reply(id, { completion: { values: ["completed"] } });
    default:
      return reply(id, {});
  }
}

async function run(name: string, args: Json): Promise<unknown> {
  if (name === "confirm")
    return ask("elicitation/create", { message: `delete ${String(args["what"])}?`, requestedSchema: {} });
  if (name === "slow") await new Promise((done) => setTimeout(done, Number(args["ms"])));
  send({ method: "notifications/message", params: { level: "error", data: { name, args } } });
  return args;
}

function ask(method: string, params: Json): Promise<unknown> {
  const id = `q${++asked}`;
  send({ id, method, params });
  return new Promise((done) => waiting.set(id, done));
}

function text(value: unknown): Json {
  return { content: [{ type: "text", text: JSON.stringify(value) }] };
}

function reply(id: unknown, result: Json): void {
  send({ id, result });
}

function send(message: Json): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}
