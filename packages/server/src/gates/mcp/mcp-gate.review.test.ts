/** Review over MCP on the wire, and what an agent tries to get past it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JsonObject } from "@aegisflow/core";
import {
  AGENT,
  BOSS,
  call,
  createFakeUpstream,
  post,
  postModern,
  type RawAnswer,
  startTestGate,
  type TestGate,
  text,
} from "./mcp-gate.fixture.ts";
import { textOf } from "./wire/json-rpc.ts";

const URLS = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } } };
const FORMS = { "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };

const upstream = createFakeUpstream({
  name: "github",
  era: "modern",
  tools: {
    create_issue: { run: (args) => text(`created ${JSON.stringify(args)}`) },
    create_twice: {
      run: (_args, { params }) =>
        params["inputResponses"] === undefined
          ? {
              resultType: "input_required",
              inputRequests: {
                sure: {
                  method: "elicitation/create",
                  params: { message: "sure?", requestedSchema: { type: "object", properties: {} } },
                },
              },
              requestState: "upstream-state",
            }
          : text(`done ${JSON.stringify(params["inputResponses"])} ${JSON.stringify(params["requestState"])}`),
    },
  },
});

let gate: TestGate;
beforeAll(async () => {
  gate = await startTestGate({
    upstreams: [upstream],
    rules: [{ tool: "github.create_*", decision: "review", reason: "writes are looked at" }],
  });
});
afterAll(() => gate.close());

let serial = 0;
const fresh = (): JsonObject => ({ owner: "a", repo: "b", title: `t${++serial}` });
const ask = (
  args: JsonObject,
  more: JsonObject = {},
  options: Parameters<typeof postModern>[3] = {},
  name = "create_issue",
): Promise<RawAnswer> => postModern(gate, "tools/call", { name, arguments: args, ...more }, { meta: URLS, ...options });
const approvalIdOf = ({ json }: RawAnswer): string => json.result._meta["aegisflow.dev/approval"].approval_id;
const answers = (action: string): JsonObject => ({ aegisflow_approval: { action } });

describe("input_required", () => {
  test("asks to open the approval page and seals what was asked for", async () => {
    const { json } = await ask(fresh());
    expect(String(json.result.requestState)).not.toContain(AGENT.id);
    expect(json.result).toMatchObject({
      resultType: "input_required",
      inputRequests: {
        aegisflow_approval: {
          method: "elicitation/create",
          params: {
            mode: "url",
            url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:8081\/approvals\//),
            message: expect.any(String),
          },
        },
      },
      requestState: expect.stringMatching(/^aegis1\./),
      _meta: {
        "aegisflow.dev/approval": { status: "pending_approval", rule: "rule/1", reason: "writes are looked at" },
      },
    });
  });

  test("the retry runs once approved, and only once", async () => {
    const args = fresh();
    const first = await ask(args);
    const { requestState } = first.json.result;
    await gate.approvals.approve(approvalIdOf(first), BOSS, "");
    const before = upstream.calls().length;
    const retry = await ask(args, { requestState, inputResponses: answers("accept") });
    expect(retry.json.result).toMatchObject({
      resultType: "complete",
      content: [{ text: `created {"owner":"a","repo":"b","title":"${textOf(args["title"])}"}` }],
    });
    const replay = ask(args, { requestState, inputResponses: answers("accept") });
    const pending = await waitForPending(args);
    await gate.approvals.deny(pending, BOSS, "once is enough");
    expect((await replay).json.error).toMatchObject({ code: -32001, data: { status: "denied" } });
    expect(upstream.calls().length).toBe(before + 1);
  });

  test.each<[string, (args: JsonObject) => JsonObject]>([
    ["changed", (args) => ({ ...args, title: "other" })],
    ["more", (args) => ({ ...args, extra: 1 })],
    ["fewer", ({ owner, repo }) => ({ owner: owner ?? "", repo: repo ?? "" })],
  ])("a retry with %s arguments is refused although the first was approved", async (_title, change) => {
    const args = fresh();
    const first = await ask(args);
    await gate.approvals.approve(approvalIdOf(first), BOSS, "");
    const before = upstream.calls().length;
    const retry = await ask(change(args), {
      requestState: first.json.result.requestState,
      inputResponses: answers("accept"),
    });
    expect(retry.json.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining("not the call that was reviewed"),
    });
    expect(upstream.calls().length).toBe(before);
  });

  test("a state that was changed, made up, or belongs to another caller or tool opens nothing", async () => {
    const args = fresh();
    const first = await ask(args);
    const { requestState } = first.json.result;
    await gate.approvals.approve(approvalIdOf(first), BOSS, "");
    const before = upstream.calls().length;
    const forged = [
      requestState.slice(0, -2),
      `${requestState.slice(0, 30)}A${requestState.slice(31)}`,
      "aegis1.e30",
      `aegis1.${"A".repeat(200)}`,
    ];
    for (const state of forged)
      expect((await ask(args, { requestState: state, inputResponses: answers("accept") })).json.error.code).toBe(
        -32602,
      );
    const foreign = await ask(
      args,
      { requestState, inputResponses: answers("accept") },
      { headers: { "x-api-key": "other-key" } },
    );
    expect(foreign.json.error.code).toBe(-32602);
    const tool = await ask(args, { requestState, inputResponses: answers("accept") }, {}, "create_twice");
    expect(tool.json.error.code).toBe(-32602);
    expect(upstream.calls().length).toBe(before);
  });

  test("declining in the client is no approval", async () => {
    const args = fresh();
    const first = await ask(args);
    const { requestState } = first.json.result;
    for (const action of ["decline", "cancel"]) {
      expect((await ask(args, { requestState, inputResponses: answers(action) })).json.error).toMatchObject({
        code: -32001,
      });
    }
    // accepting in the client is none either: the reviewer has to
    const retry = ask(args, { requestState, inputResponses: answers("accept") });
    const pending = await waitForPending(args);
    expect(upstream.calls().some(({ argumentsJson }) => argumentsJson?.includes(textOf(args["title"])))).toBe(false);
    await gate.approvals.deny(pending, BOSS, "");
    expect((await retry).json.error.code).toBe(-32001);
  });

  test.each([{ requestState: 7 }, { inputResponses: null }, { inputResponses: [] }])("%j is -32602", async (more) => {
    expect((await ask(fresh(), more as JsonObject)).json.error.code).toBe(-32602);
  });

  test("clients that cannot open URLs get -32002", async () => {
    for (const meta of [FORMS, {}]) {
      const { json } = await ask(fresh(), {}, { meta });
      expect(json.error).toMatchObject({ code: -32002, data: { status: "pending_approval", tool: "create_issue" } });
    }
  });

  test("what an upstream asks is passed on, and its answers are part of what is approved", async () => {
    const both = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {}, form: {} } } };
    const args = fresh();
    const call1 = (more: JsonObject) => ask(args, more, { meta: both }, "create_twice");
    const first = await call1({});
    await gate.approvals.approve(approvalIdOf(first), BOSS, "");
    const asked = await call1({ requestState: first.json.result.requestState });
    expect(asked.json.result).toMatchObject({
      resultType: "input_required",
      requestState: "upstream-state",
      inputRequests: { sure: {} },
    });
    // the second round is another action: its answers were not approved with the first
    const yes = { sure: { action: "accept", content: { really: "yes" } } };
    const second = await call1({ requestState: "upstream-state", inputResponses: yes });
    expect(second.json.result.inputRequests.aegisflow_approval).toBeDefined();
    const item = gate.approvals.get(approvalIdOf(second), BOSS);
    expect(JSON.stringify(item)).toContain("really");
    await gate.approvals.approve(approvalIdOf(second), BOSS, "");
    const done = await call1({ requestState: second.json.result.requestState, inputResponses: answers("accept") });
    expect(done.json.result.content[0].text).toBe(
      'done {"sure":{"action":"accept","content":{"really":"yes"}}} "upstream-state"',
    );
  });
});

test("an agent cannot approve for itself", async () => {
  const first = await ask(fresh());
  await expect(gate.approvals.approve(approvalIdOf(first), AGENT, "me")).rejects.toMatchObject({ code: "forbidden" });
  await expect(gate.approvals.approve(approvalIdOf(first), { ...BOSS, id: AGENT.id }, "me")).rejects.toMatchObject({
    code: "forbidden",
  });
});

test("a full queue says so and runs nothing", async () => {
  const flooded = await startTestGate({ upstreams: [upstream], defaultDecision: "review" });
  const before = upstream.calls().length;
  const codes = new Set<number>();
  for (let i = 0; i < 260; i++) {
    const answer = await post(flooded, call(i, "tools/call", { name: "create_issue", arguments: { i } }));
    codes.add(answer.json.error.code);
    if (answer.json.error.code === -32000) expect(answer.json.error.message).toContain("wait for a person");
  }
  expect(codes).toEqual(new Set([-32002, -32000]));
  expect(upstream.calls().length).toBe(before);
  await flooded.close();
});

async function waitForPending(args: JsonObject): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const { items } = gate.approvals.list(BOSS, { statuses: ["pending"], limit: 50 });
    const found = items.find((item) => JSON.stringify(item).includes(JSON.stringify(args["title"])));
    if (found !== undefined) return found.id;
    await Bun.sleep(10);
  }
  throw new Error("nothing is pending");
}
