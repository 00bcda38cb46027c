/** The official client against the gate over a real port: both eras and the transport of 2024-11-05. */
import { afterEach, describe, expect, test } from "bun:test";
import {
  Client,
  type ClientOptions,
  ProtocolError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import {
  BOSS,
  createFakeUpstream,
  type FakeUpstream,
  startTestGate,
  type TestGate,
  type TestGateOptions,
  text,
} from "./mcp-gate.fixture.ts";
import { textOf } from "./wire/json-rpc.ts";

type Mode = "legacy" | "modern" | "sse";
const MODES: readonly Mode[] = ["legacy", "modern", "sse"];

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: TestGateOptions): Promise<TestGate> {
  const gate = await startTestGate(options);
  closers.push(gate.close);
  return gate;
}

async function connect(gate: TestGate, mode: Mode, options: ClientOptions = {}, key = "agent-key"): Promise<Client> {
  const client = new Client(
    { name: "test", version: "1" },
    {
      ...options,
      versionNegotiation: { mode: mode === "modern" ? { pin: "2026-07-28" } : "legacy" },
    },
  );
  await prepare.get(options)?.(client);
  const requestInit = { headers: { "x-api-key": key } };
  const transport =
    mode === "sse"
      ? new SSEClientTransport(new URL(`${gate.url}/sse`), {
          requestInit,
          eventSourceInit: {
            fetch: (url, init) =>
              fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), "x-api-key": key } }),
          },
        })
      : new StreamableHTTPClientTransport(new URL(`${gate.url}/mcp`), { requestInit });
  await client.connect(transport);
  closers.push(() => client.close());
  return client;
}

/** Handlers have to be there before the client connects. */
const prepare = new WeakMap<ClientOptions, (client: Client) => void>();
function withHandlers(options: ClientOptions, handlers: (client: Client) => void): ClientOptions {
  prepare.set(options, handlers);
  return options;
}

function forge(): FakeUpstream {
  return createFakeUpstream({
    name: "github",
    tools: {
      list_repos: { run: () => text("repos") },
      delete_repo: { run: () => text("gone") },
      create_issue: { run: (args) => text(`created ${JSON.stringify(args)}`) },
    },
  });
}

const REVIEW = { rules: [{ tool: "github.create_*", decision: "review", reason: "people look at writes" }] } as const;

describe.each(MODES)("the official client, %s", (mode) => {
  test("lists, calls, and is told about blocks", async () => {
    const gate = await start({
      upstreams: [forge()],
      rules: [{ tool: "github.delete_*", decision: "block", reason: "no deleting" }],
    });
    const client = await connect(gate, mode);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["create_issue", "list_repos"]);
    expect(await client.callTool({ name: "list_repos" })).toMatchObject({ content: [{ type: "text", text: "repos" }] });
    const blocked = client.callTool({ name: "delete_repo", arguments: { owner: "a", repo: "b" } });
    await expect(blocked).rejects.toMatchObject({ code: -32001, data: { reason: "no deleting" } });
    expect(client.getServerVersion()?.name).toBe("aegisflow-mcp-gateway");
  });

  test("each caller is its own actor in the evidence", async () => {
    const gate = await start({ upstreams: [forge()] });
    await (await connect(gate, mode)).callTool({ name: "list_repos" });
    await (await connect(gate, mode, {}, "other-key")).callTool({ name: "list_repos" });
    const decisions = gate.evidence.filter(({ kind }) => kind === "decision");
    expect(decisions.map(({ disclosures }) => disclosures["actor"])).toEqual([
      { id: "agent-1", type: "agent" },
      { id: "agent-2", type: "agent" },
    ]);
    expect(new Set(decisions.map(({ sid }) => sid)).size).toBe(2);
    expect(gate.evidence.filter(({ kind }) => kind === "outcome").length).toBe(2);
  });

  test("a review is -32002, and the identical retry after approval runs once", async () => {
    const upstream = forge();
    const gate = await start({ upstreams: [upstream], ...REVIEW });
    const client = await connect(gate, mode);
    const ask = (title: string) =>
      client.callTool({ name: "create_issue", arguments: { owner: "a", repo: "b", title } });
    const first = await ask("x").catch((error: unknown) => error);
    expect(first).toBeInstanceOf(ProtocolError);
    const { data } = first as ProtocolError & { data: { approval_id: string } };
    expect(data).toMatchObject({
      status: "pending_approval",
      approval_url: expect.stringContaining(data.approval_id),
      decision: "review",
      rule: "rule/1",
      reason: "people look at writes",
      resume: expect.any(String),
      envelope_id: expect.any(String),
    });
    expect(upstream.calls()).toEqual([]);
    await gate.approvals.approve(data.approval_id, BOSS, "fine");
    // a changed argument needs its own approval
    await expect(ask("y")).rejects.toMatchObject({ code: -32002 });
    expect(await ask("x")).toMatchObject({ content: [{ text: 'created {"owner":"a","repo":"b","title":"x"}' }] });
    expect(upstream.calls().length).toBe(1);
    // spent
    await expect(ask("x")).rejects.toMatchObject({ code: -32002 });
    expect(upstream.calls().length).toBe(1);
  });

  test("a denial is -32001 with the reviewer's words", async () => {
    const gate = await start({ upstreams: [forge()], ...REVIEW });
    const client = await connect(gate, mode);
    const ask = () => client.callTool({ name: "create_issue", arguments: { owner: "a", repo: "b" } });
    const first = (await ask().catch((error: unknown) => error)) as { data: { approval_id: string } };
    await gate.approvals.deny(first.data.approval_id, BOSS, "not this week");
    await expect(ask()).rejects.toMatchObject({
      code: -32001,
      data: { status: "denied", reason: expect.stringContaining("not this week") },
    });
  });

  test("wait_for_approval holds the call with progress, then runs it", async () => {
    const upstream = forge();
    const gate = await start({ upstreams: [upstream], ...REVIEW, settings: { waitForApprovalMs: 5_000 } });
    const client = await connect(gate, mode);
    const messages: string[] = [];
    const pending = client.callTool(
      { name: "create_issue", arguments: { owner: "a", repo: "b" } },
      { onprogress: ({ message }) => void messages.push(message ?? "") },
    );
    const [item] = await until(() => gate.approvals.list(BOSS, { statuses: ["pending"], limit: 10 }).items);
    await until(() => (messages.length > 0 ? messages : []));
    await gate.approvals.approve(item?.id ?? "", BOSS, "");
    expect(await pending).toMatchObject({ content: [{ type: "text" }] });
    expect(messages[0]).toContain("waiting for approval: http://");
    expect(upstream.calls().length).toBe(1);
  });

  test("progress, logs and cancellation pass through", async () => {
    let cancelled: AbortSignal | undefined;
    const upstream = createFakeUpstream({
      name: "slow",
      capabilities: { tools: {}, logging: {} },
      tools: {
        work: {
          async run(_args, request) {
            const progressToken = request.meta?.["progressToken"] ?? "";
            for (const progress of [1, 2])
              request.onNotification("notifications/progress", { progressToken, progress, total: 2 });
            // The client forgets a request's progress as soon as it has the result.
            await Bun.sleep(20);
            request.onNotification("notifications/message", { level: "info", data: "hello" });
            request.onNotification("notifications/message", { level: "debug", data: "noise" });
            return text("done");
          },
        },
        hang: {
          run: (_args, { signal }) => {
            cancelled = signal;
            return new Promise((_resolve, reject) =>
              signal.addEventListener("abort", () => reject(new Error("aborted"))),
            );
          },
        },
      },
    });
    const gate = await start({ upstreams: [upstream] });
    const logs: unknown[] = [];
    const client = await connect(
      gate,
      mode,
      withHandlers({}, (made) => {
        made.setNotificationHandler("notifications/message", ({ params }) => void logs.push(params.data));
      }),
    );
    if (mode !== "modern") await client.setLoggingLevel("info");
    const progress: number[] = [];
    const meta = mode === "modern" ? { _meta: { "io.modelcontextprotocol/logLevel": "info" } } : {};
    await client.callTool({ name: "work", ...meta } as never, {
      onprogress: (said) => void progress.push(said.progress),
    });
    expect(progress).toEqual([1, 2]);
    expect(logs).toEqual(["hello"]);
    const abort = new AbortController();
    const hanging = client.callTool({ name: "hang" }, { signal: abort.signal });
    await until(() => (cancelled === undefined ? [] : [cancelled]));
    abort.abort();
    await expect(hanging).rejects.toBeDefined();
    await until(() => (cancelled?.aborted === true ? [true] : []));
  });

  test("changed lists are announced", async () => {
    const upstream = forge();
    const gate = await start({ upstreams: [upstream] });
    let changes = 0;
    const client = await connect(
      gate,
      mode,
      withHandlers({}, (made) => {
        made.setNotificationHandler("notifications/tools/list_changed", () => void changes++);
      }),
    );
    if (mode === "modern") await client.listen({ toolsListChanged: true });
    await client.listTools();
    await Bun.sleep(50);
    upstream.tools = { ...upstream.tools, brand_new: { run: () => text("new") } };
    upstream.say("notifications/tools/list_changed", {});
    await until(() => (changes > 0 ? [changes] : []));
    const { tools } = await client.listTools(undefined, { cacheMode: "refresh" });
    expect(tools.map(({ name }) => name)).toContain("brand_new");
  });

  test.each(["legacy", "modern"] as const)("a %s upstream can ask the client", async (era) => {
    const question = {
      method: "elicitation/create",
      params: { message: "Who?", requestedSchema: { type: "object", properties: { name: { type: "string" } } } },
    } as const;
    const upstream = createFakeUpstream({
      name: "asker",
      era,
      tools: {
        greet: {
          async run(_args, request) {
            const { inputResponses } = request.params as {
              inputResponses?: Record<string, { content: { name: string } }>;
            };
            if (era === "legacy") {
              const answer = (await request.onServerRequest(question.method, question.params)) as unknown as {
                content: { name: string };
              };
              return text(`hello ${answer.content.name}`);
            }
            if (inputResponses === undefined)
              return { resultType: "input_required", inputRequests: { who: question }, requestState: "s1" };
            return text(`hello ${inputResponses["who"]?.content.name} ${textOf(request.params["requestState"])}`);
          },
        },
      },
    });
    const gate = await start({ upstreams: [upstream] });
    const client = await connect(
      gate,
      mode,
      withHandlers({ capabilities: { elicitation: { form: {} } } }, (made) => {
        made.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada" } }));
      }),
    );
    const result = await client.callTool({ name: "greet" });
    expect(result).toMatchObject({ content: [{ text: era === "legacy" ? "hello Ada" : "hello Ada s1" }] });
  });

  test("a client that offers nothing is asked nothing", async () => {
    const upstream = createFakeUpstream({
      name: "asker",
      tools: {
        greet: {
          run: (_args, request) =>
            request.onServerRequest("sampling/createMessage", { messages: [], maxTokens: 1 }).then(
              () => text("asked"),
              (error: unknown) => text(`refused ${(error as { code: number }).code}`),
            ),
        },
      },
    });
    const client = await connect(await start({ upstreams: [upstream] }), mode);
    expect(await client.callTool({ name: "greet" })).toMatchObject({ content: [{ text: "refused -32601" }] });
  });

  test("prompts, resources, templates and completions pass through, governed", async () => {
    const upstream = createFakeUpstream({
      name: "docs",
      capabilities: { prompts: {}, resources: { subscribe: true }, completions: {} },
      answers: {
        "prompts/list": () => ({ prompts: [{ name: "review", arguments: [{ name: "what" }] }, { name: "secret" }] }),
        "prompts/get": ({ name, arguments: args }) => ({
          messages: [{ role: "user", content: { type: "text", text: `${textOf(name)} ${JSON.stringify(args)}` } }],
        }),
        "resources/list": () => ({
          resources: [
            { uri: "docs://a", name: "a" },
            { uri: "docs://secret", name: "s" },
          ],
        }),
        "resources/templates/list": () => ({ resourceTemplates: [{ uriTemplate: "docs://page/{n}", name: "page" }] }),
        "resources/read": ({ uri }) => ({ contents: [{ uri: textOf(uri), text: `content of ${textOf(uri)}` }] }),
        "resources/subscribe": () => ({}),
        "resources/unsubscribe": () => ({}),
        "completion/complete": ({ argument }) => ({
          completion: { values: [`${(argument as { value: string }).value}!`] },
        }),
      },
    });
    const gate = await start({
      upstreams: [upstream],
      rules: [
        { tool: "mcp.prompts.get", target: "secret", decision: "block" },
        { tool: "mcp.resources.read", target: "docs://secret", decision: "block" },
      ],
    });
    const client = await connect(gate, mode);
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(["review"]);
    expect(await client.getPrompt({ name: "review", arguments: { what: "x" } })).toMatchObject({
      messages: [{ content: { text: 'review {"what":"x"}' } }],
    });
    await expect(client.getPrompt({ name: "secret" })).rejects.toMatchObject({ code: -32001 });
    await expect(client.getPrompt({ name: "none" })).rejects.toMatchObject({ code: -32602 });
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(["docs://a"]);
    expect((await client.listResourceTemplates()).resourceTemplates.length).toBe(1);
    expect(await client.readResource({ uri: "docs://page/7" })).toMatchObject({
      contents: [{ text: "content of docs://page/7" }],
    });
    await expect(client.readResource({ uri: "docs://secret" })).rejects.toMatchObject({ code: -32001 });
    const ref = { type: "ref/prompt", name: "review" } as const;
    expect(await client.complete({ ref, argument: { name: "what", value: "y" } })).toMatchObject({
      completion: { values: ["y!"] },
    });
    await expect(
      client.complete({ ref: { ...ref, name: "secret" }, argument: { name: "w", value: "" } }),
    ).rejects.toMatchObject({ code: -32001 });
    const governed = gate.evidence
      .filter(({ kind }) => kind === "decision")
      .map(({ disclosures }) => disclosures["tool"]);
    expect(governed).toEqual(["mcp.prompts.get", "mcp.prompts.get", "mcp.resources.read", "mcp.resources.read"]);

    const updates: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updates.push(params.uri));
    if (mode === "modern") await client.listen({ resourceSubscriptions: ["docs://a"] });
    else await client.subscribeResource({ uri: "docs://a" });
    await Bun.sleep(50);
    upstream.say("notifications/resources/updated", { uri: "docs://b" });
    upstream.say("notifications/resources/updated", { uri: "docs://a" });
    await until(() => updates);
    expect(updates).toEqual(["docs://a"]);
  });
});

test("a modern client that can open URLs is asked to, and its retry runs once", async () => {
  const upstream = forge();
  const gate = await start({ upstreams: [upstream], ...REVIEW });
  const urls: string[] = [];
  const options = withHandlers({ capabilities: { elicitation: { url: {} } } }, (made) => {
    made.setRequestHandler("elicitation/create", async ({ params }) => {
      const { url } = params as { url: string };
      urls.push(url);
      // the reviewer takes a moment; the client comes back at once
      setTimeout(() => void gate.approvals.approve(url.split("/").at(-1) ?? "", BOSS, "ok"), 150);
      return { action: "accept" };
    });
  });
  const client = await connect(gate, "modern", options);
  const result = await client.callTool({ name: "create_issue", arguments: { owner: "a", repo: "b" } });
  expect(result).toMatchObject({ content: [{ text: 'created {"owner":"a","repo":"b"}' }] });
  expect(urls).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:8081\/approvals\//)]);
  expect(upstream.calls().length).toBe(1);
});

async function until<T>(look: () => readonly T[]): Promise<readonly T[]> {
  for (let tries = 0; tries < 200; tries++) {
    const found = look();
    if (found.length > 0) return found;
    await Bun.sleep(10);
  }
  throw new Error("it did not happen within two seconds");
}
