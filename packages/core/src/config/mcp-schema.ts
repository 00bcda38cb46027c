/** The MCP gate: `mcp_gateway` with its limits, result policy, tool pinning, target map and upstream servers. */
import { z } from "zod";
import { CAPABILITIES, TARGET_KINDS } from "../action/action.ts";
import { EFFECT_KINDS } from "../action/effect.ts";
import { durationSchema, hostSchema, portSchema, textSchema } from "./field-types.ts";
import { globSchema, oneOrMany } from "./policy-schema.ts";
import { upstreamsSchema } from "./upstream-schema.ts";

const MEBIBYTE = 1024 * 1024;

/** What can be taken out of tool results; `pii` stands for the last four together. */
export const REDACTION_KINDS = ["secrets", "pii", "email", "phone", "ssn", "credit_card"] as const;

const resultPolicySchema = z
  .strictObject({
    redact: z
      .array(z.enum(REDACTION_KINDS))
      .default([])
      .describe(
        "What is looked for in tool results: `secrets`, `pii` (all of the following), `email`, `phone`, `ssn`, `credit_card`. Default: nothing.",
      ),
    action: z
      .enum(["redact", "block"])
      .default("redact")
      .describe("`redact` replaces what was found, `block` withholds the whole result and answers with an error."),
  })
  .prefault({})
  .describe("What happens to a result before the agent sees it.");

const toolPinningSchema = z
  .strictObject({
    mode: z
      .enum(["review", "block", "off"])
      .default("review")
      .describe(
        "What a call of a tool gets whose definition changed since it was accepted. `off` lets a changed tool through unseen.",
      ),
  })
  .prefault({})
  .describe("Definitions of tools are remembered at first sight.");

const sessionsSchema = z
  .strictObject({
    max: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe("Most sessions open at once; a further one is refused with 503."),
    max_per_key: z.int().min(1).max(100_000).default(100).describe("Most open sessions of one API key."),
    idle_timeout: durationSchema({ min: "10s", max: "24h" })
      .default("30m")
      .describe("A session without traffic this long is closed."),
  })
  .prefault({})
  .describe("Limits on sessions of clients up to protocol 2025-11-25.");

/** `{owner}/{repo}`, `{options.path}` or `{files[].path}`: text with argument paths in braces. */
const templateSchema = textSchema.regex(
  /^(?:[^{}]|\{[\w$-]+(?:\[\])?(?:\.[\w$-]+(?:\[\])?)*\})+$/,
  "is not a template; put argument names in braces, for example {owner}/{repo}",
);
const templatesSchema = oneOrMany(templateSchema);

const targetEffectSchema = z.strictObject({
  kind: z.enum(EFFECT_KINDS).describe("What kind of effect the call has. Required."),
  paths: templatesSchema.exactOptional().describe("Templates of the paths it touches."),
  refs: templatesSchema.exactOptional().describe("Templates of the git refs it touches."),
  tables: templatesSchema.exactOptional().describe("Templates of the tables it touches."),
  urls: templatesSchema.exactOptional().describe("Templates of URLs; rules see their host names."),
  flags: z.array(textSchema).max(32).exactOptional().describe("Fixed flags, such as `force` or `recursive`."),
});

const targetSchema = z
  .strictObject({
    tool: globSchema.describe("Glob on the tool's name as rules see it, such as `github.create_*`. Required."),
    target: templatesSchema
      .exactOptional()
      .describe(
        "What the call acts upon: a template, or several of which the first that can be filled counts. Default: the tool's name.",
      ),
    target_kind: z
      .enum(TARGET_KINDS)
      .default("text")
      .describe("How rules match the target: `path`, `command`, `sql`, `url`, `repo`, `name` or `text`."),
    capability: z
      .enum(CAPABILITIES)
      .describe("What kind of power the tool has. Required; this map is believed over the tool's own hints."),
    effects: z
      .array(targetEffectSchema)
      .max(64)
      .exactOptional()
      .describe("What the call does to the world, for rules that test effects."),
    also: templatesSchema
      .exactOptional()
      .describe("Further targets of the same call, such as the destination of a move."),
  })
  .describe("One entry of the target map.");
export type ToolTargetConfig = z.output<typeof targetSchema>;

export const mcpGatewaySchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe("Whether the MCP gate listens."),
    host: hostSchema
      .default("127.0.0.1")
      .describe("Address to listen on. Anything but loopback needs require_auth and a tenant with an API key."),
    port: portSchema.default(8082).describe("Port to listen on. 0 takes a free one."),
    require_auth: z
      .boolean()
      .default(true)
      .describe("Whether callers need an API key. Without one every caller is the same unknown agent."),
    allowed_origins: z
      .array(textSchema)
      .max(100)
      .default([])
      .describe(
        "Browser origins that may call, exact (`https://app.example`). Default: none; a request with another Origin gets 403.",
      ),
    allowed_hosts: z
      .array(textSchema)
      .max(100)
      .default([])
      .describe("Further `Host` names answered to, beside loopback names and `host`. Others get 403 (DNS rebinding)."),
    wait_for_approval: durationSchema({ max: "1h" })
      .default("0s")
      .describe("How long a call that needs a person is held open before it is answered -32002. 0s answers at once."),
    request_timeout: durationSchema({ min: "100ms", max: "24h" })
      .default("60s")
      .describe("Longest time an upstream may take for one request; `upstreams[].timeout` overrides it."),
    max_request_bytes: z
      .int()
      .min(1024)
      .max(64 * MEBIBYTE)
      .default(4 * MEBIBYTE)
      .describe("Largest request in bytes; a larger one gets 413."),
    max_result_bytes: z
      .int()
      .min(1024)
      .max(256 * MEBIBYTE)
      .default(16 * MEBIBYTE)
      .describe("Largest result of an upstream in bytes; a larger one becomes an error."),
    sessions: sessionsSchema,
    result_policy: resultPolicySchema,
    tool_pinning: toolPinningSchema,
    targets: z
      .array(targetSchema)
      .max(1_000)
      .default([])
      .describe("Target and capability of tools, before the built-in maps; first match wins."),
    upstreams: upstreamsSchema,
  })
  .prefault({})
  .describe("The MCP gate.");
export type McpGatewayConfig = z.output<typeof mcpGatewaySchema>;
