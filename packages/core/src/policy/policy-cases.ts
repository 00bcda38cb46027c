/**
 * Cases of a policy: actions with the decision they must get. They run through the matcher of enforcement, and
 * the rules that no case exercises are reported, because an untested rule is a guess.
 */
import { z } from "zod";
import type { ActionDraft } from "../action/action.ts";
import type { JsonSchema } from "../config/config-json-schema.ts";
import type { ConfigProblem } from "../config/key-path.ts";
import { readYaml } from "../config/read-yaml.ts";
import { toProblems } from "../config/schema-problems.ts";
import { DECISIONS, type DecisionKind } from "../decision/decision.ts";
import { type ActionInput, actionInputFields, type DescribeDraft, toDrafts } from "./action-input.ts";
import type { CompiledPolicy } from "./compile-rules.ts";
import { decideAllByRules, type OperationRuling } from "./decide-by-rules.ts";
import { matchRule } from "./match-rule.ts";

/** Most cases in one file. */
export const CASES_MAX = 10_000;

const caseSchema = z.strictObject({
  ...actionInputFields,
  protocol: actionInputFields.protocol.optional(),
  tool: actionInputFields.tool.optional(),
  command: z.string().min(1).max(65_536).optional().describe("A command line: protocol `shell`, tool `shell.exec`."),
  call: z.string().min(1).max(512).optional().describe("A tool: protocol `mcp`, the tool's name."),
  expect: z.enum(DECISIONS),
  rule: z.string().optional().describe("Id of the rule that must decide, with or without the pack's name."),
  note: z.string().optional(),
});
const casesSchema = z.strictObject({
  cases: z.array(caseSchema).min(1, "a file of cases needs at least one case").max(CASES_MAX),
});

export interface PolicyCase {
  readonly input: ActionInput;
  readonly expect: DecisionKind;
  readonly rule: string | undefined;
  /** `file:line`. */
  readonly source: string;
}

export type ParsedCases =
  | { readonly kind: "cases"; readonly cases: readonly PolicyCase[] }
  | { readonly kind: "errors"; readonly errors: readonly ConfigProblem[] };

/** Never throws on any text. */
export function parsePolicyCases(text: string, fileName: string): ParsedCases {
  const yaml = readYaml(text, fileName, undefined);
  if (yaml.problems.length > 0) return { kind: "errors", errors: yaml.problems };
  const parsed = casesSchema.safeParse(yaml.value ?? {});
  if (!parsed.success) {
    // Zod's own type says more than is needed here; every field above is plain JSON Schema.
    const jsonSchema = z.toJSONSchema(casesSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
    return { kind: "errors", errors: toProblems(parsed.error, yaml, yaml.value ?? {}, jsonSchema) };
  }
  const errors: ConfigProblem[] = [];
  const cases = parsed.data.cases.flatMap((entry, index): PolicyCase[] => {
    const place = yaml.problemAt(["cases", index], "a case needs `protocol` and `tool`, or `command`, or `call`");
    const input = toInput(entry);
    if (input === undefined) errors.push(place);
    return input === undefined
      ? []
      : [{ input, expect: entry.expect, rule: entry.rule, source: `${place.file}:${place.line}` }];
  });
  return errors.length > 0 ? { kind: "errors", errors } : { kind: "cases", cases };
}

function toInput(entry: z.output<typeof caseSchema>): ActionInput | undefined {
  const { command, call, expect: _expect, rule: _rule, note: _note, protocol, tool, ...rest } = entry;
  if (command !== undefined) return { ...rest, protocol: "shell", tool: tool ?? "shell.exec", target: command };
  if (call !== undefined) return { ...rest, protocol: "mcp", tool: call };
  return protocol === undefined || tool === undefined ? undefined : { ...rest, protocol, tool };
}

export interface CaseFailure {
  readonly source: string;
  readonly action: string;
  readonly expected: string;
  readonly got: string;
  readonly reason: string;
  /** What decided each operation, and why the rule that was expected did not match. */
  readonly trace: readonly string[];
}

export interface CasesReport {
  readonly passed: number;
  readonly failures: readonly CaseFailure[];
  /** Ids of rules that decided no operation of any case. */
  readonly unexercised: readonly string[];
  /** Whether some case was decided by the default. */
  readonly defaultExercised: boolean;
}

export function runPolicyCases(
  policy: CompiledPolicy,
  cases: readonly PolicyCase[],
  describe: DescribeDraft,
): CasesReport {
  const exercised = new Set<string>();
  const failures: CaseFailure[] = [];
  for (const policyCase of cases) {
    const drafts = toDrafts(policyCase.input, describe);
    const { deciding, operations } = decideAllByRules(policy, drafts);
    for (const operation of operations) exercised.add(operation.ruleId);
    const wrongRule = policyCase.rule !== undefined && !isRule(deciding.ruleId, policyCase.rule);
    if (deciding.decision === policyCase.expect && !wrongRule) continue;
    failures.push({
      source: policyCase.source,
      action: describeCase(drafts[0]),
      expected: policyCase.rule === undefined ? policyCase.expect : `${policyCase.expect} by ${policyCase.rule}`,
      got: `${deciding.decision} by ${deciding.ruleId}`,
      reason: deciding.reason,
      trace: traceOf(policy, operations, policyCase.rule),
    });
  }
  return {
    passed: cases.length - failures.length,
    failures,
    unexercised: policy.rules.filter(({ id }) => !exercised.has(id)).map(({ id }) => id),
    defaultExercised: exercised.has("(default)"),
  };
}

/** Most operations of one action told one by one. */
const TRACE_MAX = 10;

function traceOf(policy: CompiledPolicy, operations: readonly OperationRuling[], wanted: string | undefined): string[] {
  const rule = wanted === undefined ? undefined : policy.rules.find(({ id }) => isRule(id, wanted));
  return operations.slice(0, TRACE_MAX).map(({ view, decision, ruleId }) => {
    const failed = rule === undefined || ruleId === rule.id ? undefined : matchRule(rule, view);
    const whyNot = failed === undefined ? "" : `; ${wanted}: ${failed}`;
    return `${view.capability} \`${shorten(view.label)}\`: ${decision} by ${ruleId}${whyNot}`;
  });
}

function isRule(id: string, wanted: string): boolean {
  return id === wanted || id.endsWith(`/${wanted}`);
}

export function describeCase({ protocol, tool, target }: ActionDraft): string {
  return `${protocol} ${tool}${target === tool ? "" : ` \`${shorten(target)}\``}`;
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
