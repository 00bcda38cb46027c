/** Where in a configuration something stands: key paths as data and as people read them, and problems found there. */

export type KeyPath = readonly (string | number)[];

/** Something wrong in a file, with the place and what to do. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Such as `tool_policies.rules[3].tool`; empty for the file as a whole. */
  readonly path: string;
  /** Lower case, no final stop, says what to do. */
  readonly message: string;
}

/** `tool_policies.rules[3].tool`; a key that is not a plain word stands in quotes: `args["a.b"]`. */
export function formatKeyPath(path: KeyPath): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(segment)) return `${text}[${JSON.stringify(segment)}]`;
    return text === "" ? segment : `${text}.${segment}`;
  }, "");
}

/** `aegisflow.yaml:12:5: tool_policies.rules[3].tool: message` */
export function formatProblem({ file, line, column, path, message }: ConfigProblem): string {
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}

/** The value at a path of plain data, or undefined. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, segment) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    return Reflect.get(value, segment);
  }, root);
}
