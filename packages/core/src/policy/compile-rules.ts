/**
 * A policy compiled for deciding: every glob once, and an index by protocol, capability and tool name, so that a
 * decision looks only at rules that could match. The index never decides anything; it only leaves out rules whose
 * protocol, capability or tool cannot match, in the order in which they stand.
 */
import { type Capability, PROTOCOLS, type Protocol } from "../action/action.ts";
import type { EffectivePolicy } from "../config/effective-policy.ts";
import type { DecisionKind } from "../decision/decision.ts";
import type { ActionView } from "./action-view.ts";
import { globLiterals } from "./glob.ts";
import { type CompiledRule, compileRule, matchRule } from "./match-rule.ts";

export interface CompiledPolicy {
  readonly defaultDecision: DecisionKind;
  readonly rules: readonly CompiledRule[];
  /** The first rule that matches, or undefined when none does. */
  readonly firstMatch: (view: ActionView) => CompiledRule | undefined;
}

/** @throws AegisError `config-invalid` on a bad glob. */
export function compileRules({
  defaultDecision,
  rules,
}: Pick<EffectivePolicy, "defaultDecision" | "rules">): CompiledPolicy {
  const compiled = rules.map(compileRule);
  const bucketFor = createIndex(compiled);
  const firstMatch = (view: ActionView): CompiledRule | undefined =>
    firstOf(candidates(bucketFor(view.protocol, view.capability), view.names), view);
  return { defaultDecision, rules: compiled, firstMatch };
}

/** One bucket per protocol and capability, made when first asked for: at most 5 x 7 of them. */
function createIndex(rules: readonly CompiledRule[]): (protocol: Protocol, capability: Capability) => Bucket {
  const index = new Map<Protocol, Map<Capability, Bucket>>(PROTOCOLS.map((protocol) => [protocol, new Map()]));
  return (protocol, capability) => {
    const byCapability = index.get(protocol);
    const made = byCapability?.get(capability);
    if (made !== undefined) return made;
    const bucket = createBucket(rules, protocol, capability);
    byCapability?.set(capability, bucket);
    return bucket;
  };
}

interface Bucket {
  /** Rules whose tool glob has no wildcard, by that name. */
  readonly byName: ReadonlyMap<string, readonly CompiledRule[]>;
  /** Rules whose tool glob begins with a fixed namespace (`github.`), by that namespace. */
  readonly byNamespace: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly anywhere: readonly CompiledRule[];
}

function createBucket(rules: readonly CompiledRule[], protocol: Protocol, capability: Capability): Bucket {
  const byName = new Map<string, CompiledRule[]>();
  const byNamespace = new Map<string, CompiledRule[]>();
  const anywhere: CompiledRule[] = [];
  for (const compiled of rules) {
    const { rule } = compiled;
    if (rule.protocol !== undefined && rule.protocol !== protocol) continue;
    if (rule.capability !== undefined && rule.capability !== capability) continue;
    if (compiled.tool === undefined) anywhere.push(compiled);
    else file(compiled, { byName, byNamespace, anywhere });
  }
  return { byName, byNamespace, anywhere };
}

interface OpenBucket {
  readonly byName: Map<string, CompiledRule[]>;
  readonly byNamespace: Map<string, CompiledRule[]>;
  readonly anywhere: CompiledRule[];
}

function file(compiled: CompiledRule, { byName, byNamespace, anywhere }: OpenBucket): void {
  const alternatives = globLiterals(compiled.rule.tool ?? "*");
  const keys = alternatives.map(({ literal, prefix }) => ({ literal, namespace: namespaceOf(prefix) }));
  if (keys.length === 0 || keys.some(({ literal, namespace }) => literal === undefined && namespace === undefined)) {
    anywhere.push(compiled);
    return;
  }
  for (const { literal, namespace } of keys) {
    if (literal !== undefined) append(byName, literal, compiled);
    else if (namespace !== undefined) append(byNamespace, namespace, compiled);
  }
}

function append(map: Map<string, CompiledRule[]>, key: string, rule: CompiledRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else if (list.at(-1) !== rule) list.push(rule);
}

/** `github.` of `github.create_pull_request`. */
function namespaceOf(name: string): string | undefined {
  const dot = name.indexOf(".");
  return dot < 0 ? undefined : name.slice(0, dot + 1);
}

function candidates(bucket: Bucket, names: readonly string[]): (readonly CompiledRule[])[] {
  const lists: (readonly CompiledRule[])[] = [];
  for (const name of names) {
    const named = bucket.byName.get(name);
    if (named !== undefined) lists.push(named);
    const namespace = namespaceOf(name);
    const spaced = namespace === undefined ? undefined : bucket.byNamespace.get(namespace);
    if (spaced !== undefined && !lists.includes(spaced)) lists.push(spaced);
  }
  if (bucket.anywhere.length > 0) lists.push(bucket.anywhere);
  return lists;
}

/** A plain loop: this is where most decisions end. */
function firstIn(rules: readonly CompiledRule[], view: ActionView): CompiledRule | undefined {
  for (const rule of rules) {
    if (matchRule(rule, view) === undefined) return rule;
  }
  return undefined;
}

/** Walks the lists together in the order of the rules; a rule that stands in two lists is tried once. */
function firstOf(lists: readonly (readonly CompiledRule[])[], view: ActionView): CompiledRule | undefined {
  const [only] = lists;
  if (only === undefined) return undefined;
  if (lists.length === 1) return firstIn(only, view);
  const at = lists.map(() => 0);
  for (;;) {
    let next: CompiledRule | undefined;
    for (let index = 0; index < lists.length; index += 1) {
      const rule = lists[index]?.[at[index] ?? 0];
      if (rule !== undefined && (next === undefined || rule.index < next.index)) next = rule;
    }
    if (next === undefined) return undefined;
    for (let index = 0; index < lists.length; index += 1) {
      const position = at[index] ?? 0;
      if (lists[index]?.[position] === next) at[index] = position + 1;
    }
    if (matchRule(next, view) === undefined) return next;
  }
}
