/** `tool_policies` and `policy_packs`: which rules are in force, and in which order. */
import { z } from "zod";
import { decisionSchema, duplicateRuleIds, packNameSchema, rulesSchema } from "./policy-schema.ts";

/** Most packs one configuration may name. */
export const POLICY_PACKS_MAX = 32;

export const toolPoliciesSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Whether rules and packs are in force. Default: true. With false every action gets `default_decision`.",
      ),
    default_decision: decisionSchema
      .optional()
      .describe("Decision when no rule matches. Default: the strictest default of the packs named, else `block`."),
    rules: rulesSchema
      .default([])
      .describe("Rules that come before those of the packs; first match wins. Default: none."),
    rules_after: rulesSchema
      .default([])
      .describe(
        "Rules that come after those of the packs, so they only see what no pack rule matched; same keys. Default: none.",
      ),
  })
  .superRefine((block, context) => {
    const all = [...block.rules, ...block.rules_after];
    const pathOf = (index: number): (string | number)[] =>
      index < block.rules.length ? ["rules", index] : ["rules_after", index - block.rules.length];
    for (const issue of duplicateRuleIds(all, pathOf)) context.addIssue(issue);
  });
export type ToolPoliciesConfig = z.output<typeof toolPoliciesSchema>;

export const policyPacksSchema = z
  .array(packNameSchema)
  .max(POLICY_PACKS_MAX)
  .default([])
  .describe("Packs in force, in this order, after `tool_policies.rules` and before `rules_after`. Default: none.");
