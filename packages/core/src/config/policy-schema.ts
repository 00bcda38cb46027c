/**
 * What a policy rule and a policy pack look like in YAML: `tool_policies`, and the files in `policy-packs/`.
 * Strict: an unknown key, decision, protocol or malformed glob is an error, never a rule that matches everything.
 * What a rule means is decided by the matcher in `policy/`; this file only says what may be written.
 */
import { z } from "zod";
import { CAPABILITIES, PROTOCOLS } from "../action/action.ts";
import { EFFECT_KINDS } from "../action/effect.ts";
import { DECISIONS } from "../decision/decision.ts";
import { validateGlob } from "../policy/glob.ts";
import { GLOB_LENGTH_MAX } from "../policy/glob-pattern.ts";

/** Most patterns in one list of one rule. */
export const PATTERNS_PER_LIST_MAX = 256;
/** Most rules in one list; the shipped packs have at most a few hundred. */
export const RULES_MAX = 10_000;
/** Longest free text (reason, suggestion, description), in characters. */
export const POLICY_TEXT_LENGTH_MAX = 2000;

export const globSchema = z
  .string()
  .min(1, "a pattern must not be empty; write `*` to match anything or remove the key")
  .max(GLOB_LENGTH_MAX)
  .superRefine((pattern, context) => {
    const problem = validateGlob(pattern);
    if (problem !== undefined) {
      context.addIssue({ code: "custom", message: `\`${pattern}\` is not a valid glob: it is ${problem}` });
    }
  });

/** One value or a list of values, always a list once parsed. */
export function oneOrMany<T extends z.ZodType>(item: T) {
  const many = z
    .array(item)
    .min(1, "the list is empty; name at least one entry or remove the key")
    .max(PATTERNS_PER_LIST_MAX);
  return z.union([item, many]).transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]));
}

const argumentTestSchema = oneOrMany(z.union([globSchema, z.number(), z.boolean()]));

const ruleFields = {
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "an id is 1 to 100 letters, digits, dots, dashes and underscores")
    .optional()
    .describe(
      "Name of the rule in traces and evidence. Default: its position, such as `pr-writer/17`. Must be unique.",
    ),
  protocol: z
    .enum([...PROTOCOLS, "*", ""])
    .optional()
    .describe("`mcp`, `http`, `shell`, `sql` or `git`. Default: any."),
  tool: z
    .union([globSchema, z.literal("")])
    .optional()
    .describe("Glob on the tool's name, such as `github.delete_*`. Default, `*` or empty: any tool."),
  target: z
    .union([globSchema, z.literal("")])
    .optional()
    .describe(
      "Glob on the target; in a path `*` stops at `/`, in commands, SQL and URLs it does not. Default: any target.",
    ),
  capability: z
    .enum([...CAPABILITIES, "*", ""])
    .optional()
    .describe(
      "`read`, `write`, `delete`, `deploy`, `approve`, `execute` or `unknown`. Default: any (but an allow for `unknown` must name it).",
    ),
  effects: oneOrMany(z.enum(EFFECT_KINDS))
    .optional()
    .describe("Kinds of parsed effects, any of them. Default: not tested."),
  paths: oneOrMany(globSchema)
    .optional()
    .describe("Globs on the paths that the effects touch, any of them. Default: not tested."),
  refs: oneOrMany(globSchema).optional().describe("Globs on git refs, any of them. Default: not tested."),
  hosts: oneOrMany(globSchema).optional().describe("Globs on host names, any of them. Default: not tested."),
  tables: oneOrMany(globSchema).optional().describe("Globs on `schema.table` names, any of them. Default: not tested."),
  flags: oneOrMany(globSchema)
    .optional()
    .describe(
      "Globs on the facts of a parsed effect (`force`, `recursive`, `outside-workspace`), any of them. Default: not tested.",
    ),
  args: z
    .record(z.string().min(1).max(200), argumentTestSchema)
    .optional()
    .describe(
      "Argument path (`branch`, `options.force`) to the glob, number or boolean it must equal (or a list: any of them). Default: not tested.",
    ),
  actor: oneOrMany(globSchema)
    .optional()
    .describe("Globs on the id of the API key that asks, any of them. Default: anyone."),
  tenant: oneOrMany(globSchema).optional().describe("Globs on the tenant's id, any of them. Default: every tenant."),
  environment: oneOrMany(globSchema)
    .optional()
    .describe("Globs on the environment, any of them. Default: every environment."),
  decision: z.enum(DECISIONS).describe("`allow`, `review` or `block`. Required: anything else is a load error."),
  reason: z
    .string()
    .min(1)
    .max(POLICY_TEXT_LENGTH_MAX)
    .optional()
    .describe("Shown to the agent and the reviewer. Default: which rule matched."),
  suggestion: z
    .string()
    .min(1)
    .max(POLICY_TEXT_LENGTH_MAX)
    .optional()
    .describe("A safer alternative, shown to the agent. Default: none."),
};

const CONDITION_KEYS = [
  "protocol",
  "tool",
  "target",
  "capability",
  "effects",
  "paths",
  "refs",
  "hosts",
  "tables",
  "flags",
  "args",
  "actor",
  "tenant",
  "environment",
] as const;

/** Old files write an empty string for "any"; it means the same as `*` and as leaving the key away. */
function isSpecific<T extends string>(value: T | undefined): value is Exclude<T, "" | "*"> {
  return value !== undefined && value !== "" && value !== "*";
}

/** One line of policy; the first rule that matches decides. A rule must say what it matches, if only `tool: "*"`. */
export const toolRuleSchema = z
  .strictObject(ruleFields)
  .superRefine((rule, context) => {
    if (CONDITION_KEYS.some((key) => rule[key] !== undefined && rule[key] !== "")) return;
    const message = 'the rule says nothing about what it matches; write `tool: "*"` if it is meant for everything';
    context.addIssue({ code: "custom", message });
  })
  .transform(({ protocol, tool, target, capability, ...rest }) => ({
    ...rest,
    ...(isSpecific(protocol) ? { protocol } : {}),
    ...(isSpecific(tool) ? { tool } : {}),
    ...(isSpecific(target) ? { target } : {}),
    ...(isSpecific(capability) ? { capability } : {}),
  }));
/** A rule as parsed: lists are lists; protocol, tool, target and capability are absent when they match anything. */
export type ToolRuleConfig = z.output<typeof toolRuleSchema>;
export type ToolRuleInput = z.input<typeof toolRuleSchema>;

export const decisionSchema = z.enum(DECISIONS);

export const packNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "a pack's name is 1 to 64 lower-case letters, digits and dashes");

export const rulesSchema = z.array(toolRuleSchema).max(RULES_MAX);

/** A file in `policy-packs/`. */
export const policyPackSchema = z
  .strictObject({
    name: packNameSchema.describe("The pack's name, as `policy_packs` refers to it."),
    description: z.string().max(POLICY_TEXT_LENGTH_MAX).default("").describe("What the pack is for. Default: empty."),
    default_decision: decisionSchema.default("block").describe("Decision when no rule matches. Default: `block`."),
    rules: rulesSchema.min(1, "a pack needs at least one rule").describe("First match wins, top to bottom."),
  })
  .superRefine((pack, context) => reportRepeatedIds(pack.rules, context));
export type PolicyPack = z.output<typeof policyPackSchema>;

/** The starter-kit shape of a pack: the same content below `tool_policies`; the file's name is the pack's name. */
export const starterKitPackSchema = z.strictObject({
  tool_policies: z
    .strictObject({
      enabled: z
        .literal(true, "a pack with `enabled: false` does nothing; set it to true or remove the pack")
        .default(true),
      default_decision: decisionSchema.default("block"),
      rules: rulesSchema.min(1, "a pack needs at least one rule"),
    })
    .superRefine((block, context) => reportRepeatedIds(block.rules, context)),
});

/** A type alias, not an interface: only an alias has the index signature that zod's issues ask for. */
export type DuplicateId = { code: "custom"; message: string; path: (string | number)[] };

/** One issue for each rule whose id an earlier rule of the list has. */
export function duplicateRuleIds(
  rules: readonly ToolRuleConfig[],
  pathOf: (index: number) => (string | number)[],
): DuplicateId[] {
  const seen = new Set<string>();
  return rules.flatMap(({ id }, index) => {
    if (id === undefined || !seen.has(id)) {
      if (id !== undefined) seen.add(id);
      return [];
    }
    const message = `duplicate rule id \`${id}\`; rename one of the two rules`;
    return [{ code: "custom" as const, message, path: [...pathOf(index), "id"] }];
  });
}

function reportRepeatedIds(rules: readonly ToolRuleConfig[], context: { addIssue(issue: DuplicateId): void }): void {
  for (const issue of duplicateRuleIds(rules, (index) => ["rules", index])) context.addIssue(issue);
}
