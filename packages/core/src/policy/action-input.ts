/**
 * An action as people write it down for a question: in a policy case, on the command line. Completed to a draft by
 * whoever knows the gates; here only what every gate agrees on is filled in.
 */
import { z } from "zod";
import {
  type ActionDraft,
  CAPABILITIES,
  type JsonObject,
  type JsonValue,
  PROTOCOLS,
  TARGET_KINDS,
  type TargetKind,
} from "../action/action.ts";
import { EFFECT_KINDS, type Effect } from "../action/effect.ts";

const jsonSchema: z.ZodType<JsonValue> = z.json();

const names = z.array(z.string().min(1).max(4096)).max(100).optional();
const effectSchema = z.strictObject({
  kind: z.enum(EFFECT_KINDS),
  operation: z.string().min(1).max(512).optional().describe("Default: the tool."),
  paths: names,
  hosts: names,
  refs: names,
  tables: names,
  flags: names,
});

export const actionInputFields = {
  protocol: z.enum(PROTOCOLS).describe("How the action travels."),
  tool: z.string().min(1).max(512).describe("Such as `github.merge_pull_request` or `shell.git`."),
  target: z.string().max(65_536).optional().describe("Path, command line, repository, URL or text. Default: the tool."),
  target_kind: z.enum(TARGET_KINDS).optional().describe("Default: by protocol and by how the target looks."),
  capability: z.enum(CAPABILITIES).optional().describe("Default: what the tool's name says; a command's is computed."),
  effects: z.array(effectSchema).max(100).optional().describe("Default: as the gate reads the action."),
  args: z.record(z.string(), jsonSchema).optional().describe("Arguments of the call. Default: none."),
  actor: z.string().min(1).max(200).optional().describe("Id of the API key. Default: `agent`."),
  tenant: z.string().min(1).max(200).optional().describe("Default: `default`."),
  environment: z.string().min(1).max(200).optional(),
};

export const actionInputSchema = z.strictObject(actionInputFields);
export type ActionInput = z.output<typeof actionInputSchema>;

/** Reads a draft as its gate would: kind of target, capability, effects; one draft for each target it acts on. */
export type DescribeDraft = (draft: ActionDraft) => readonly [ActionDraft, ...ActionDraft[]];

export function toDrafts(input: ActionInput, describe: DescribeDraft): readonly [ActionDraft, ...ActionDraft[]] {
  const parameters: JsonObject = input.args ?? {};
  const [first, ...others] = describe({
    actor: { type: "agent", id: input.actor ?? "agent", session_id: TASK, tenant_id: input.tenant ?? "default" },
    task: TASK,
    protocol: input.protocol,
    tool: input.tool,
    target: input.target ?? input.tool,
    target_kind: input.target_kind ?? guessedKind(input),
    parameters,
    requested_capability: input.capability ?? "execute",
    effects: [],
    ...(input.environment === undefined ? {} : { environment: input.environment }),
  });
  return [{ ...first, ...statedParts(input) }, ...others];
}

/** What was said about the action itself wins over what is read out of it. */
function statedParts({ target_kind, effects, tool }: ActionInput): Partial<ActionDraft> {
  return {
    ...(target_kind === undefined ? {} : { target_kind }),
    ...(effects === undefined ? {} : { effects: effects.map((effect) => toEffect(effect, tool)) }),
  };
}

function toEffect({ kind, operation, ...lists }: z.output<typeof effectSchema>, tool: string): Effect {
  const given = Object.entries(lists).filter(([, values]) => values !== undefined);
  return { kind, operation: operation ?? tool, ...Object.fromEntries(given) };
}

/** Session and task of an action that is only asked about. */
const TASK = "policy-question";

/** What counts when the gate's own reading finds no target in the arguments. */
function guessedKind({ protocol, target = "" }: ActionInput): TargetKind {
  if (protocol === "shell") return "command";
  if (/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(target)) return "url";
  if (/^(?:~|\.{0,2})\//.test(target) || /^\S+\/\S*\.\w{1,10}$/.test(target)) return "path";
  return /^[\w.-]+\/[\w.-]+$/.test(target) ? "repo" : "name";
}
