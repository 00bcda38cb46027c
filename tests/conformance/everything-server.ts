/**
 * The fixture behind the gateway in conformance runs and tests: a server with everything the suite asks for, of both
 * eras at once, over Streamable HTTP (`--port 3000`) or stdio (`--stdio`); `--log` names a file for its calls. Built with the official SDK, so that what
 * the gateway is tested against is not the gateway's own idea of the protocol.
 */
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { registerPrompts, registerResources } from "./everything-content.ts";
import { registerQuestions, stateCodec } from "./everything-questions.ts";
import { type Announce, registerTools } from "./everything-tools.ts";

export interface EverythingServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `port` 0 takes a free one; calls are logged to `log` when it is given. */
export function startEverythingServer(port: number, log?: string): EverythingServer {
  const modern = createMcpHandler(
    () => createServer({ tools: () => modern.notify.toolsChanged(), prompts: () => modern.notify.promptsChanged() }),
    {
      legacy: "reject",
    },
  );
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      if (log !== undefined) await logRequest(log, request);
      return (await isLegacyRequest(request)) ? serveLegacy(request, sessions) : modern.fetch(request);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    close: async () => {
      await modern.close();
      for (const transport of sessions.values()) await transport.close();
      await server.stop(true);
    },
  };
}

async function serveLegacy(
  request: Request,
  sessions: Map<string, WebStandardStreamableHTTPServerTransport>,
): Promise<Response> {
  const known = request.headers.get("mcp-session-id");
  const session = known === null ? undefined : sessions.get(known);
  if (session !== undefined) return session.handleRequest(request);
  if (known !== null)
    return Response.json(
      { jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } },
      { status: 404 },
    );
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await createLegacyServer().connect(transport);
  return transport.handleRequest(request);
}

function createLegacyServer(): McpServer {
  const server: McpServer = createServer({
    tools: () => server.sendToolListChanged(),
    prompts: () => server.sendPromptListChanged(),
  });
  return server;
}

function createServer(announce: Announce): McpServer {
  const server = new McpServer(
    { name: "everything", version: "1.0.0" },
    {
      capabilities: {
        logging: {},
        completions: {},
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
      },
      instructions: "A server for conformance tests.",
      requestState: { verify: (state, ctx) => stateCodec.verify(state, ctx) },
    },
  );
  registerTools(server, announce);
  registerQuestions(server);
  registerResources(server);
  registerPrompts(server);
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
  return server;
}

/** Marks a call in the log that carries answers to the questions of the call before. */
export const ANSWERED = " (answered)";

/** Each tool call that arrives, as a line with the tool's name: what the gateway's evidence is held against. */
function logCall(file: string, message: unknown): void {
  if (typeof message !== "object" || message === null || !("method" in message) || message.method !== "tools/call")
    return;
  const params = "params" in message ? message.params : undefined;
  if (typeof params !== "object" || params === null || !("name" in params)) return;
  appendFileSync(file, `${String(params.name)}${"inputResponses" in params ? ANSWERED : ""}\n`);
}

async function logRequest(file: string, request: Request): Promise<void> {
  if (request.method === "POST") logCall(file, await request.clone().json());
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: "string" }, stdio: { type: "boolean" }, log: { type: "string" } },
  });
  const { log } = values;
  if (values.stdio !== true) {
    console.log(startEverythingServer(Number(values.port ?? "0"), log).url);
    return;
  }
  if (log !== undefined) createInterface({ input: process.stdin }).on("line", (line) => logCall(log, JSON.parse(line)));
  serveStdio(() => createLegacyServer());
}

if (import.meta.main) await main();
