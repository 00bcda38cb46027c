/**
 * Zod's issues as problems with line, column and advice in the product's own words. A secret, or a value that came
 * from a variable, is never repeated in a message.
 */
import type { z } from "zod";
import { type JsonSchema, knownKeysAt } from "./config-json-schema.ts";
import { type ConfigProblem, formatKeyPath, type KeyPath, valueAt } from "./key-path.ts";
import type { YamlData } from "./read-yaml.ts";
import { isSecretPath } from "./secrets.ts";
import { similarName } from "./similar-name.ts";

type Issue = z.core.$ZodIssue;

/** Longest value repeated in a message. */
const SHOWN_LENGTH_MAX = 60;

/** All issues of one failed parse, in file order. `jsonSchema` is asked for known keys. */
export function toProblems(error: z.ZodError, yaml: YamlData, root: unknown, jsonSchema: JsonSchema): ConfigProblem[] {
  const context: Context = { yaml, root, jsonSchema };
  return error.issues
    .flatMap((issue) => explain(issue, plainPath(issue.path), context))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

interface Context {
  readonly yaml: YamlData;
  readonly root: unknown;
  readonly jsonSchema: JsonSchema;
}

function explain(issue: Issue, path: KeyPath, context: Context): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => context.yaml.problemAt([...path, key], unknownKeyMessage(key, path, context), true));
  }
  if (issue.code === "invalid_union" && (valueAt(context.root, path) ?? undefined) !== undefined)
    return explainUnion(issue, path, context);
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    return issue.issues.map((inner) =>
      context.yaml.problemAt(path, describeWith(`the key \`${String(path.at(-1))}\``, inner, path, context), true),
    );
  }
  return [context.yaml.problemAt(path, describe(issue, path, context))];
}

function unknownKeyMessage(key: string, path: KeyPath, { jsonSchema }: Context): string {
  const known = knownKeysAt(jsonSchema, path);
  const similar = similarName(key, known);
  if (similar !== undefined) return `unknown key \`${cut(key)}\`; did you mean \`${similar}\`?`;
  if (known.length === 0 || known.length > 20) return `unknown key \`${cut(key)}\`; remove it`;
  return `unknown key \`${cut(key)}\`; the keys here are ${known.join(", ")}`;
}

/** The branch that fits the value's kind says best what is wrong; when none fits, all kinds are named. */
function explainUnion(issue: Issue & { code: "invalid_union" }, path: KeyPath, context: Context): ConfigProblem[] {
  const isText = typeof valueAt(context.root, path) === "string";
  const ofOtherKind = (inner: Issue): boolean =>
    inner.path.length === 0 && (inner.code === "invalid_type" || (inner.code === "invalid_value" && !isText));
  const fitting = issue.errors.filter((branch) => !branch.some(ofOtherKind));
  const [best] = fitting.length > 0 ? fitting : [];
  if (best !== undefined) return best.flatMap((inner) => explain(inner, [...path, ...plainPath(inner.path)], context));
  const kinds = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === "invalid_type" ? [kindName(inner.expected)] : [])),
  );
  const message = `${shown(path, context)} is not ${[...new Set(kinds)].join(" or ")}; change the value`;
  return [context.yaml.problemAt(path, message)];
}

function describe(issue: Issue, path: KeyPath, context: Context): string {
  return describeWith(shown(path, context), issue, path, context);
}

function describeWith(subject: string, issue: Issue, path: KeyPath, context: Context): string {
  const value = valueAt(context.root, path);
  if (value === undefined && path.length > 0 && issue.code !== "custom")
    return `\`${String(path.at(-1))}\` is missing; ${wanted(issue)}`;
  if (value === null) return `\`${String(path.at(-1))}\` has no value; write one or remove the key`;
  switch (issue.code) {
    case "invalid_type":
      return isOwnMessage(issue.message)
        ? issue.message
        : `${subject} is not ${kindName(issue.expected)}; ${typeAdvice(issue.expected, value)}`;
    case "invalid_value":
      return isOwnMessage(issue.message) ? issue.message : notOneOf(subject, issue.values, value);
    case "too_small":
    case "too_big":
      return isOwnMessage(issue.message) ? withSubject(subject, issue.message) : outOfRange(subject, issue);
    default:
      return withSubject(
        subject,
        isOwnMessage(issue.message) ? issue.message : "is not valid here; see docs/reference/configuration.md",
      );
  }
}

function wanted(issue: Issue): string {
  if (issue.code === "invalid_value") return `write one of ${visible(issue.values)}`;
  return issue.code === "invalid_type" ? `write ${kindName(issue.expected)}` : "write it";
}

function notOneOf(subject: string, values: readonly unknown[], value: unknown): string {
  const similar = typeof value === "string" ? similarName(value, values.map(String)) : undefined;
  const advice = similar === undefined || similar === "" ? "" : `; did you mean \`${similar}\`?`;
  return `${subject} is not one of ${visible(values)}${advice}`;
}

/** `*` and the empty text are accepted for old files but not what a writer should be told. */
function visible(values: readonly unknown[]): string {
  return values
    .map(String)
    .filter((value) => value !== "" && value !== "*")
    .join(", ");
}

function outOfRange(subject: string, issue: Issue & { code: "too_small" | "too_big" }): string {
  const limit = issue.code === "too_small" ? `the least is ${issue.minimum}` : `the most is ${issue.maximum}`;
  const size = issue.code === "too_small" ? "small" : "large";
  if (issue.origin === "string") return `${subject} is too ${size === "small" ? "short" : "long"}; ${limit} characters`;
  if (issue.origin === "array") return `the list is too ${size === "small" ? "short" : "long"}; ${limit} entries`;
  return `${subject} is too ${size}; ${limit}`;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function kindName(expected: string): string {
  return KIND_NAMES[expected] ?? `a ${expected}`;
}

function typeAdvice(expected: string, value: unknown): string {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return "put it in quotes";
  if (expected === "array") return "write a list, one `- entry` per line";
  if (expected === "object" || expected === "record") return "write `key: value` lines below it";
  return "change the value";
}

/** Zod's own English begins in capitals; ours is lower case. */
function isOwnMessage(message: string): boolean {
  return !/^(?:Invalid|Too |Unrecognized|Expected)/.test(message);
}

/** Messages that begin with a verb speak about the value. */
function withSubject(subject: string, message: string): string {
  return /^(?:is|has|holds|must|offers|says) /.test(message) ? `${subject} ${message}` : message;
}

function shown(path: KeyPath, { yaml, root }: Context): string {
  const value = valueAt(root, path);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "the list" : "the entry";
  if (isSecretPath(path) || yaml.unexpanded.has(formatKeyPath(path))) return "the value";
  return `\`${cut(String(value))}\``;
}

function cut(text: string): string {
  const printable = text.replaceAll(/\p{Cc}/gu, "\u{fffd}");
  return printable.length <= SHOWN_LENGTH_MAX ? printable : `${printable.slice(0, SHOWN_LENGTH_MAX)}…`;
}

function plainPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
}
