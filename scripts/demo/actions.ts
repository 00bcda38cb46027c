/** Reads pass, destructive calls are stopped, a risky call waits for a person and then runs exactly once. */
import { join } from "node:path";

import { type Agent, type CallAnswer, connectAgent } from "./agent.ts";
import { shown, type Transcript } from "./transcript.ts";
import { type DemoWorld, forgeCalls } from "./world.ts";

const MERGE = "github.merge_pull_request";
const MERGE_42 = { owner: "acme", repo: "api", pull_number: 42 };

export async function demoActions(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.chapter("An agent connects with its own key");
  const agent = await connectAgent(world.product.mcpUrl, world.product.agentKey);
  const tools = await agent.tools();
  transcript.step(
    "the agent sees the tools of both servers, in one list",
    tools.includes("github.list_repos"),
    tools.join(", "),
  );
  transcript.step("what policy blocks is not even listed", !tools.includes("github.delete_repo"), "");

  await readsPass(transcript, agent, world);
  await destructionIsStopped(transcript, agent, world);
  await reviewRunsOnce(transcript, agent, world);
  await nobodyApprovesOwnAction(transcript, agent, world);
  await agent.close();
  await nothingIsLostInBetween(transcript, world);
}

async function readsPass(transcript: Transcript, agent: Agent, world: DemoWorld): Promise<void> {
  transcript.chapter("Reads pass");
  const repos = await agent.call("github.list_repos", {});
  transcript.step("github.list_repos is allowed and answers", repos.kind === "result", answered(repos));
  const file = await agent.call("fs.read_text_file", { path: join(world.workspace, "README.md") });
  transcript.step("the real filesystem server reads a file of the workspace", file.kind === "result", answered(file));
}

async function destructionIsStopped(transcript: Transcript, agent: Agent, world: DemoWorld): Promise<void> {
  transcript.chapter("Destructive calls are stopped");
  const answer = await agent.call("github.delete_repo", { owner: "acme", repo: "api" });
  const blocked = answer.kind === "error" && answer.refusal.code === -32001;
  transcript.step(
    "github.delete_repo is blocked with -32001, a rule and a suggestion",
    blocked && says(answer, "suggestion"),
    answered(answer),
  );
  transcript.step("and never reached the forge", forgeCalls(world, "github.delete_repo") === 0, "");
  const secret = await agent.call("fs.read_text_file", { path: "/etc/shadow" });
  transcript.step(
    "reading a secret is blocked",
    secret.kind === "error" && secret.refusal.code === -32001,
    answered(secret),
  );
}

async function reviewRunsOnce(transcript: Transcript, agent: Agent, world: DemoWorld): Promise<void> {
  transcript.chapter("A risky call waits for a person, then runs exactly once");
  const first = await agent.call(MERGE, MERGE_42);
  const approvalId = approvalOf(first);
  transcript.step(`${MERGE} needs approval (-32002)`, approvalId !== "", answered(first));
  const again = await agent.call(MERGE, MERGE_42);
  transcript.step("asking again does not pile up a second request", approvalOf(again) === approvalId, "");

  const approved = await admin(world, "POST", `/admin/v1/approvals/${approvalId}/approve`, world.product.adminKey, {
    comment: "looked at the diff",
  });
  transcript.step("another identity approves", approved.status === 200, shown(approved.body));
  const changed = await agent.call(MERGE, { ...MERGE_42, pull_number: 43 });
  transcript.step(
    "the approval does not fit a changed argument",
    approvalOf(changed) !== "" && approvalOf(changed) !== approvalId,
    "",
  );
  const ran = await agent.call(MERGE, MERGE_42);
  transcript.step("the identical retry runs", ran.kind === "result", answered(ran));
  transcript.step("the forge saw it exactly once", forgeCalls(world, MERGE) === 1, "");
  const replay = await agent.call(MERGE, MERGE_42);
  transcript.step(
    "a second replay needs a new approval",
    approvalOf(replay) !== "" && approvalOf(replay) !== approvalId,
    answered(replay),
  );
}

async function nobodyApprovesOwnAction(transcript: Transcript, agent: Agent, world: DemoWorld): Promise<void> {
  transcript.chapter("Nobody approves their own action");
  const asked = approvalOf(await agent.call(MERGE, { ...MERGE_42, pull_number: 44 }));
  const self = await admin(world, "POST", `/admin/v1/approvals/${asked}/approve`, world.product.agentKey, {});
  transcript.step("the agent's own key is refused (403)", self.status === 403, shown(self.body));
  const denied = await admin(world, "POST", `/admin/v1/approvals/${asked}/deny`, world.product.adminKey, {
    comment: "not today",
  });
  transcript.step("a person denies it", denied.status === 200, "");
  const retry = await agent.call(MERGE, { ...MERGE_42, pull_number: 44 });
  transcript.step(
    "the retry is told that it was denied",
    retry.kind === "error" && retry.refusal.code === -32001,
    answered(retry),
  );
}

async function nothingIsLostInBetween(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.chapter("The server is killed in the middle; nothing is lost");
  const merge45 = { ...MERGE_42, pull_number: 45 };
  const before = await connectAgent(world.product.mcpUrl, world.product.agentKey);
  const asked = approvalOf(await before.call(MERGE, merge45));
  await world.restart("SIGKILL");
  const pending = await admin(world, "GET", `/admin/v1/approvals/${asked}`, world.product.adminKey);
  transcript.step(
    "the request for approval survived kill -9",
    pending.status === 200 && pending.body.includes("pending"),
    "",
  );
  await admin(world, "POST", `/admin/v1/approvals/${asked}/approve`, world.product.adminKey, {});
  await world.restart("SIGKILL");
  const after = await connectAgent(world.product.mcpUrl, world.product.agentKey);
  const ran = await after.call(MERGE, merge45);
  transcript.step("the approval survived kill -9 too, and the action runs", ran.kind === "result", answered(ran));
  transcript.step("once", forgeCalls(world, MERGE) === 2, "");
  await after.close();
}

// ---- the admin API, as a person's tools use it ----------------------------------------------------------------

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

export async function admin(
  world: DemoWorld,
  method: string,
  path: string,
  key: string,
  body?: unknown,
): Promise<AdminAnswer> {
  const response = await fetch(`${world.product.adminUrl}${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.text() };
}

function answered(answer: CallAnswer): string {
  if (answer.kind === "result") return shown(answer.text, 200);
  const { code, message, data } = answer.refusal;
  return `${code} ${message}\n${shown(data)}`;
}

function says(answer: CallAnswer, field: string): boolean {
  return answer.kind === "error" && typeof answer.refusal.data[field] === "string";
}

function approvalOf(answer: CallAnswer): string {
  if (answer.kind !== "error" || answer.refusal.code !== -32002) return "";
  const id = answer.refusal.data["approval_id"];
  return typeof id === "string" ? id : "";
}
