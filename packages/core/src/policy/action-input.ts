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
} from "../action/action.ts";

const jsonSchema: z.ZodType<JsonValue> = z.json();

export const actionInputFields = {
  protocol: z.enum(PROTOCOLS).describe("How the action travels."),
  tool: z.string().min(1).max(512).describe("Such as `github.merge_pull_request` or `shell.git`."),
  target: z.string().max(65_536).optional().describe("Path, command line, repository, URL or text. Default: the tool."),
  target_kind: z.enum(TARGET_KINDS).optional().describe("Default: by protocol and by how the target looks."),
  capability: z.enum(CAPABILITIES).optional().describe("Default: what the tool's name says; a command's is computed."),
  args: z.record(z.string(), jsonSchema).optional().describe("Arguments of the call. Default: none."),
  actor: z.string().min(1).max(200).optional().describe("Id of the API key. Default: `agent`."),
  tenant: z.string().min(1).max(200).optional().describe("Default: `default`."),
  environment: z.string().min(1).max(200).optional(),
};

export const actionInputSchema = z.strictObject(actionInputFields);
export type ActionInput = z.output<typeof actionInputSchema>;

/** Fills in the rest of a draft from the gate's point of view: effects, kind of target, capability. */
export type DescribeDraft = (draft: ActionDraft) => ActionDraft;

export function toDraft(input: ActionInput, describe: DescribeDraft): ActionDraft {
  const parameters: JsonObject = input.args ?? {};
  const described = describe({
    actor: {
      type: "agent",
      id: input.actor ?? "agent",
      session_id: "policy-question",
      tenant_id: input.tenant ?? "default",
    },
    task: "policy-question",
    protocol: input.protocol,
    tool: input.tool,
    target: input.target ?? input.tool,
    target_kind: input.target_kind ?? "name",
    parameters,
    requested_capability: input.capability ?? "execute",
    effects: [],
    ...(input.environment === undefined ? {} : { environment: input.environment }),
  });
  return input.target_kind === undefined ? described : { ...described, target_kind: input.target_kind };
}
