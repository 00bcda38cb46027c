/**
 * For tests: aegisctl as a process, and a small admin API that answers what it was told and keeps what it was asked.
 * The commands' stories against the real server are in tests/.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";

const AEGISCTL = join(import.meta.dirname, "aegisctl.ts");

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Nothing of the developer's environment but PATH reaches the command. */
export function runAegisctlProcess(args: readonly string[], { env = {}, cwd }: RunOptions = {}): Promise<Ended> {
  const options = { env: { PATH: process.env.PATH ?? "", ...env }, ...(cwd === undefined ? {} : { cwd }) };
  return new Promise((resolve) => {
    execFile(process.execPath, [AEGISCTL, ...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ status, stdout: String(stdout), stderr: String(stderr) });
    });
  });
}

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly apiKey: string | null;
  readonly body: unknown;
}

export interface TestAdmin extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly AskedRequest[];
  /** Environment that points a command here. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param answers body (or status and body) by `METHOD /path` with its query; everything else is answered 404. */
export function startTestAdmin(answers: Readonly<Record<string, unknown>>): TestAdmin {
  const asked: AskedRequest[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const text = await request.text();
      const path = pathname + search;
      const body: unknown = text === "" ? undefined : JSON.parse(text);
      asked.push({ method: request.method, path, apiKey: request.headers.get("x-api-key"), body });
      return answerOf(answers[`${request.method} ${path}`]);
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  const env = {
    AEGISFLOW_ADMIN_URL: url,
    AEGISFLOW_GATEWAY_URL: url,
    AEGISFLOW_MCP_URL: `${url}/mcp`,
    AEGISFLOW_API_KEY: "test-key",
  };
  return { url, asked, env, [Symbol.asyncDispose]: () => server.stop(true) };
}

function answerOf(answer: unknown): Response {
  if (answer === undefined) {
    return Response.json({ error: { code: 404, type: "not_found", message: "no such thing" } }, { status: 404 });
  }
  if (answer instanceof Response) return answer;
  if (answer instanceof Uint8Array) return new Response(new Uint8Array(answer));
  return Response.json(answer);
}
