/**
 * The example MCP server: a small pretend forge with GitHub-like tools, for demos, tests and first steps.
 * FORGE_CALL_LOG=file  every call that reaches it is appended as a line of JSON: proof of what ran, and how often
 * FORGE_STATE=file     repositories are kept there from start to start; without it they are as new each time
 * It governs nothing and trusts everybody: put the gateway in front of it.
 */
import { createInterface } from "node:readline";
import { createForgeServer, type ForgeServer } from "./forge-server.ts";
import { openForge } from "./forge-state.ts";

/** One request to the example server, as HTTP body. */
const BODY_BYTES_MAX = 1024 * 1024;
const IDLE_S = 60;

/** Serves stdin and stdout until stdin ends; resolves to the exit status. */
export async function runForgeStdio(): Promise<number> {
  const server = serverFromEnv();
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    const answer = line.trim() === "" ? undefined : server.answer(line);
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  }
  return 0;
}

export interface RunningForge {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves Streamable HTTP on loopback; `port` 0 takes a free one. */
export async function runForgeHttp(port: number): Promise<RunningForge> {
  const server = serverFromEnv();
  const { loadRuntime } = await import("../runtime/runtime.ts");
  const runtime = await loadRuntime();
  const listener = await runtime.listen({
    host: "127.0.0.1",
    port,
    idleTimeoutS: IDLE_S,
    handler: async (request) => {
      // No sessions, no standing stream: both eras allow a server to do without.
      if (request.method !== "POST") return { status: 405, headers: { allow: "POST" }, body: null };
      const answer = server.answer(new TextDecoder().decode(await request.readBody(BODY_BYTES_MAX)));
      if (answer === undefined) return { status: 202, headers: {}, body: null };
      return { status: 200, headers: { "content-type": "application/json" }, body: answer };
    },
  });
  return { url: `http://127.0.0.1:${listener.port}/mcp`, close: () => listener.close(0) };
}

function serverFromEnv(): ForgeServer {
  return createForgeServer(openForge(process.env["FORGE_STATE"], process.env["FORGE_CALL_LOG"]));
}
