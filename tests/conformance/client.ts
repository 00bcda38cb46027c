/**
 * The client under test of the conformance suite: a thin driver over the gateway's own upstream leg, with sign-in on.
 * Usage: client.ts <server url>; the suite says in MCP_CONFORMANCE_SCENARIO and MCP_CONFORMANCE_CONTEXT what to do.
 * It plays the agent's client (calls tools, answers questions); everything on the wire is the product's.
 */
import type { JsonObject, JsonValue } from "@aegisflow/core";
import type { UpstreamConfig } from "@aegisflow/core/config/upstream-schema";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import type { Upstream } from "@aegisflow/server/gates/mcp/upstream";
import type { Authorize } from "@aegisflow/server/gates/mcp/upstreams/oauth";
import { memorySignInStore } from "@aegisflow/server/gates/mcp/upstreams/oauth-store";
import { openUpstreams } from "@aegisflow/server/gates/mcp/upstreams/upstreams";
import { loadRuntime, type Runtime } from "@aegisflow/server/runtime/runtime";
import { createSystemClock, systemRandom } from "@aegisflow/server/runtime/sources";

const CALL_MS = 20_000;
/** The suite knows this address as ours. */
const CLIENT_METADATA_URL = "https://conformance-test.local/client-metadata.json";
const ROUNDS_MAX = 5;

interface Context {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: JsonObject }[];
}

const url = process.argv.at(-1) ?? "";
const scenario = process.env["MCP_CONFORMANCE_SCENARIO"] ?? "";
const context: Context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}");
const runtime = await loadRuntime();

const upstreams = openUpstreams([configFor(url)], {
  runtime,
  clock: createSystemClock(),
  random: systemRandom,
  onLog: ({ level, message }) => console.error(`${level}: ${message}`),
  authorize: headlessly(runtime),
  signIns: memorySignInStore(),
});
const [upstream] = upstreams.list();
if (upstream === undefined) throw new Error("no upstream");
try {
  await drive(upstream);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await upstreams.close();
}

function configFor(serverUrl: string): UpstreamConfig {
  const { client_id, client_secret } = context;
  return {
    name: "conformance",
    url: serverUrl,
    args: [],
    env: {},
    transport: "auto",
    // The leg finds out by itself which era the suite's server speaks.
    protocol: "auto",
    headers: {},
    tools: ["*"],
    prefix: "",
    oauth: {
      grant: scenario === "auth/client-credentials-basic" ? "client_credentials" : "authorization_code",
      client_metadata_url: CLIENT_METADATA_URL,
      redirect_url: "http://localhost:3999/callback",
      ...(client_id === undefined ? {} : { client_id }),
      ...(client_secret === undefined ? {} : { client_secret }),
    },
  };
}

/** The suite's authorization server says yes to everybody: its redirect is the person's answer. */
function headlessly(on: Runtime): Authorize {
  return async ({ url: page, signal }) => {
    const response = await on.fetch({ url: page.href, method: "GET", headers: {}, signal, redirect: "manual" });
    const location = response.headers.get("location");
    if (location === undefined) throw new Error(`no redirect from ${page.href}`);
    return new URL(location, page);
  };
}

async function drive(server: Upstream): Promise<void> {
  const tools = await listAll(server, "tools");
  switch (scenario) {
    case "initialize":
    case "request-metadata":
    case "json-schema-ref-no-deref":
      return;
    case "tools_call":
      await callTool(server, "add_numbers", { a: 5, b: 3 });
      return;
    case "http-custom-headers":
      for (const call of context.toolCalls ?? []) await callTool(server, call.name, call.arguments);
      return;
    case "http-standard-headers":
      await callEach(server, tools);
      await readEverything(server);
      return;
    case "json-schema-2020-12-preservation":
      await callTool(server, "json_schema_echo", {
        schema: tools.find(({ name }) => name === "json_schema_2020_12_tool")?.["inputSchema"] ?? {},
      });
      return;
    default:
      await callEach(server, tools);
  }
}

async function callEach(server: Upstream, tools: readonly JsonObject[]): Promise<void> {
  for (const { name } of tools) await callTool(server, text(name), {});
}

async function readEverything(server: Upstream): Promise<void> {
  for (const { uri } of await listAll(server, "resources")) await ask(server, "resources/read", { uri: text(uri) });
  for (const { name } of await listAll(server, "prompts")) await ask(server, "prompts/get", { name: text(name) });
}

async function listAll(server: Upstream, what: "tools" | "resources" | "prompts"): Promise<readonly JsonObject[]> {
  const result = await ask(server, `${what}/list`, {});
  const items = result[what];
  return Array.isArray(items) ? items.filter(isObject) : [];
}

/** A modern server may answer with questions; then the same call is made again with the answers. */
async function callTool(server: Upstream, name: string, args: JsonObject): Promise<void> {
  let params: JsonObject = { name };
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const result = await ask(server, "tools/call", params, canonicalJson(args));
    if (result["resultType"] !== "input_required") return;
    const requests = isObject(result["inputRequests"]) ? result["inputRequests"] : {};
    const inputResponses = Object.fromEntries(
      Object.entries(requests).map(([key, request]) => [key, answerTo(request)]),
    );
    const state = result["requestState"];
    params = { name, inputResponses, ...(state === undefined ? {} : { requestState: state }) };
  }
}

function answerTo(request: JsonValue): JsonObject {
  const params = isObject(request) && isObject(request["params"]) ? request["params"] : {};
  const schema = isObject(params["requestedSchema"]) ? params["requestedSchema"] : {};
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const content = Object.entries(properties).map(([key, field]) => [
    key,
    isObject(field) ? (field["default"] ?? sample(field)) : "",
  ]);
  return { action: "accept", content: Object.fromEntries(content) };
}

function sample(field: JsonObject): JsonValue {
  return field["type"] === "boolean" ? true : "yes";
}

async function ask(server: Upstream, method: string, params: JsonObject, argumentsJson?: string): Promise<JsonObject> {
  return server.request({
    method,
    params,
    ...(argumentsJson === undefined ? {} : { argumentsJson }),
    signal: AbortSignal.timeout(CALL_MS),
    timeoutMs: CALL_MS,
    clientCapabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
    onNotification: () => undefined,
    onServerRequest: async (_method, question) => answerTo({ params: question }),
  });
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
