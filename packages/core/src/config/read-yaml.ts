/**
 * One YAML document as plain data, with the place of every key and value. Refuses what configuration has no use for
 * and attackers have: several documents, directives, custom tags, merge keys, repeated keys, deep nesting, alias
 * bombs, numbers that change when read. Never throws: everything found wrong is a problem with line and column.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
} from "yaml";
import { errorText } from "../errors.ts";
import { type Environment, expandVariables } from "./expand-variables.ts";
import { type ConfigProblem, formatKeyPath, type KeyPath } from "./key-path.ts";

/** Largest file in UTF-16 units; the largest sensible rule set is a tenth of it. */
export const YAML_LENGTH_MAX = 4 * 1024 * 1024;
/** Most values after aliases are followed: stops alias bombs. */
export const YAML_NODES_MAX = 200_000;
/** Deepest nesting; the deepest key of the schema is at ten. */
export const YAML_DEPTH_MAX = 32;
/** Problems reported at once: enough to work through, short enough to read. */
export const PROBLEMS_MAX = 100;

export interface YamlData {
  /** Plain objects (without prototype), arrays, texts, finite numbers, booleans, null. Undefined for an empty file. */
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** Original text of values in which a variable was replaced, by key path. */
  readonly unexpanded: ReadonlyMap<string, string>;
  /** A problem at a path; at the key itself when `atKey`, and at the nearest thing that exists when it does not. */
  problemAt(path: KeyPath, message: string, atKey?: boolean): ConfigProblem;
}

/** Reads a text; variables are expanded when an environment is given. */
export function readYaml(text: string, file: string, env: Environment | undefined): YamlData {
  const lines = new LineCounter();
  const reading = new Reading(file, lines, env);
  if (text.length > YAML_LENGTH_MAX) {
    reading.complain(
      0,
      [],
      `the file is larger than ${YAML_LENGTH_MAX} characters; split the configuration or remove parts`,
    );
    return reading.result(undefined);
  }
  const document = parseSafely(text, lines, reading);
  if (document === undefined) return reading.result(undefined);
  if (document.directives?.yaml.explicit === true) {
    reading.complain(0, [], "a `%YAML` directive is not supported; remove it");
  }
  // Only the first: what follows a syntax error is mostly its echo.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) {
    const [offset] = broken.pos;
    const inVariable = text[offset] === "{" && text[offset - 1] === "$";
    const message = inVariable ? UNQUOTED_VARIABLE : syntaxMessage(broken.code, broken.message);
    reading.complain(offset, [], message);
  }
  if (reading.problems.length > 0 || document.contents === null) return reading.result(undefined);
  return reading.result(reading.toPlain(document.contents, [], 0));
}

function parseSafely(text: string, lines: LineCounter, reading: Reading): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      merge: false,
      version: "1.2",
      schema: "core",
      // NOTE: "silent" would also hide the error about a second document.
      logLevel: "error",
    });
  } catch (error) {
    const message =
      error instanceof RangeError
        ? "the file is nested too deeply; flatten it"
        : `the file is not YAML: ${errorText(error)}`;
    reading.complain(0, [], message);
    return undefined;
  }
}

const UNQUOTED_VARIABLE = `a variable between \`[ ]\` or \`{ }\` needs quotes around it: "\${NAME}"`;
const SYNTAX_ADVICE: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab is used for indentation, which YAML does not allow; use spaces",
  MULTIPLE_DOCS: "a configuration is one document; remove the `---` and what follows it",
  NON_STRING_KEY: "a key must be a plain word; remove the list, map or alias in its place",
  TAG_RESOLVE_FAILED: "tags (`!name`) are not supported here; remove the tag",
};

function syntaxMessage(code: string, message: string): string {
  const advice = SYNTAX_ADVICE[code];
  if (advice !== undefined) return advice;
  const line = message.replaceAll(/\s+/g, " ").replace(/[.:]+$/, "");
  return `not valid YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}

/** The state of reading one document; lives for one call of `readYaml`. */
class Reading {
  readonly problems: ConfigProblem[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #env: Environment | undefined;
  readonly #keyOffsets = new Map<string, number>();
  readonly #valueOffsets = new Map<string, number>([["", 0]]);
  readonly #unexpanded = new Map<string, string>();
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(file: string, lines: LineCounter, env: Environment | undefined) {
    this.#file = file;
    this.#lines = lines;
    this.#env = env;
  }

  result(value: unknown): YamlData {
    const problemAt = (path: KeyPath, message: string, atKey = false): ConfigProblem =>
      this.#problem(this.#offsetOf(path, atKey), path, message);
    return { value, problems: this.problems, unexpanded: this.#unexpanded, problemAt };
  }

  complain(offset: number, path: KeyPath, message: string): undefined {
    const problem = this.#problem(offset, path, message);
    const known = this.problems.some((other) => other.message === message && other.line === problem.line);
    if (!known && this.problems.length < PROBLEMS_MAX) this.problems.push(problem);
    return undefined;
  }

  toPlain(node: Node | null, path: KeyPath, depth: number, parentOffset = 0): unknown {
    this.#nodes += 1;
    const offset = node?.range?.[0] ?? parentOffset;
    const key = formatKeyPath(path);
    if (!this.#valueOffsets.has(key)) this.#valueOffsets.set(key, offset);
    if (depth > YAML_DEPTH_MAX)
      return this.complain(offset, path, `is nested deeper than ${YAML_DEPTH_MAX} levels; flatten it`);
    if (this.#nodes > YAML_NODES_MAX) {
      if (this.#nodes > YAML_NODES_MAX + 1) return undefined;
      return this.complain(
        offset,
        path,
        `the file holds more than ${YAML_NODES_MAX} values once aliases are followed; shorten it`,
      );
    }
    if (node === null) return null;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isAlias(node)) return this.#fromAlias(node.source, offset, path, depth);
    if (isMap<Node, Node | null>(node)) return this.#fromMap(node.items, path, depth);
    if (isSeq<Node | null>(node))
      return node.items.map((item, index) => this.toPlain(item, [...path, index], depth + 1, offset));
    if (isScalar(node)) return this.#fromScalar(node, offset, path);
    return this.complain(offset, path, "is not a value; write a text, number, list or map");
  }

  /** YAML lets an alias refer only to an anchor that came before, which is exactly the map so far. */
  #fromAlias(name: string, offset: number, path: KeyPath, depth: number): unknown {
    const target = this.#anchors.get(name);
    if (target === undefined)
      return this.complain(offset, path, `the alias \`*${name}\` has no anchor before it; write the value out`);
    return this.toPlain(target, path, depth + 1, offset);
  }

  #fromMap(items: readonly Pair<Node, Node | null>[], path: KeyPath, depth: number): unknown {
    const record: Record<string, unknown> = Object.create(null);
    for (const { key, value } of items) {
      const offset = key.range?.[0] ?? 0;
      const name = isScalar(key) ? String(key.value) : "";
      const at = [...path, name];
      const problem = keyProblem(name, Object.hasOwn(record, name));
      if (problem !== undefined) {
        this.complain(offset, at, problem);
        continue;
      }
      const text = formatKeyPath(at);
      if (!this.#keyOffsets.has(text)) this.#keyOffsets.set(text, offset);
      record[name] = this.toPlain(value, at, depth + 1, offset);
    }
    return record;
  }

  #fromScalar(node: Scalar, offset: number, path: KeyPath): unknown {
    const { value } = node;
    if (typeof value === "number") return this.#fromNumber(value, offset, path);
    if (typeof value !== "string" || this.#env === undefined) return value;
    const expansion = expandVariables(value, this.#env);
    if (expansion.kind === "bad") return this.complain(offset, path, expansion.message);
    if (expansion.usesVariables) this.#unexpanded.set(formatKeyPath(path), value);
    return expansion.text;
  }

  #fromNumber(value: number, offset: number, path: KeyPath): unknown {
    if (!Number.isFinite(value))
      return this.complain(offset, path, "is not a finite number; write a number or put it in quotes");
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return this.complain(offset, path, "is a number too large to be exact; put it in quotes if it is a text");
    }
    return value;
  }

  #problem(offset: number, path: KeyPath, message: string): ConfigProblem {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), path: formatKeyPath(path), message };
  }

  #offsetOf(path: KeyPath, atKey: boolean): number {
    const text = formatKeyPath(path);
    const found = atKey ? (this.#keyOffsets.get(text) ?? this.#valueOffsets.get(text)) : this.#valueOffsets.get(text);
    if (found !== undefined || path.length === 0) return found ?? 0;
    const parent = path.slice(0, -1);
    return this.#keyOffsets.get(formatKeyPath(parent)) ?? this.#offsetOf(parent, false);
  }
}

function keyProblem(name: string, repeated: boolean): string | undefined {
  if (name === "<<") return "merge keys (`<<`) are not supported; write the keys out";
  if (name === "__proto__") return "unknown key `__proto__`; remove it";
  return repeated ? `duplicate key \`${name}\`; keep one of them` : undefined;
}
