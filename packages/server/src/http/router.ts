/**
 * Matches a method and a path to a route. A pattern is literal segments and `{name}` segments, which match one
 * non-empty segment and are percent-decoded; a literal wins over a name. Knows nothing of handlers: a route
 * carries any value. A wrong method is told apart from an unknown path, with the methods that would do.
 */

export interface Route<Value> {
  readonly method: string;
  /** `/admin/v1/approvals/{id}/approve` */
  readonly path: string;
  readonly value: Value;
}

export type RouteMatch<Value> =
  | { readonly kind: "found"; readonly value: Value; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "wrong-method"; readonly allow: readonly string[] }
  | { readonly kind: "unknown-path" };

export interface Router<Value> {
  match(method: string, path: string): RouteMatch<Value>;
}

interface Node<Value> {
  readonly literals: Map<string, Node<Value>>;
  named: Node<Value> | undefined;
  readonly byMethod: Map<string, { readonly value: Value; readonly names: readonly string[] }>;
}

/** @throws Error when two routes are the same: a programmer's mistake, found at start. */
export function createRouter<Value>(routes: readonly Route<Value>[]): Router<Value> {
  const root = emptyNode<Value>();
  for (const route of routes) insert(root, route);
  return {
    match(method, path) {
      const values: string[] = [];
      const node = walk(root, path.split("/").slice(1), 0, values);
      if (node === undefined) return { kind: "unknown-path" };
      const found = node.byMethod.get(method) ?? (method === "HEAD" ? node.byMethod.get("GET") : undefined);
      if (found === undefined) return { kind: "wrong-method", allow: [...node.byMethod.keys()].sort() };
      const params = Object.fromEntries(found.names.map((name, index) => [name, values[index] ?? ""]));
      return { kind: "found", value: found.value, params };
    },
  };
}

function emptyNode<Value>(): Node<Value> {
  return { literals: new Map(), named: undefined, byMethod: new Map() };
}

function insert<Value>(root: Node<Value>, { method, path, value }: Route<Value>): void {
  const names: string[] = [];
  let node = root;
  for (const segment of path.split("/").slice(1)) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    let next = name === undefined ? node.literals.get(segment) : node.named;
    next ??= emptyNode<Value>();
    if (name === undefined) node.literals.set(segment, next);
    else {
      node.named = next;
      names.push(name);
    }
    node = next;
  }
  if (node.byMethod.has(method)) throw new Error(`route ${method} ${path} is defined twice`);
  node.byMethod.set(method, { value, names });
}

/** Fills `values` with the named segments; undefined when nothing fits or an encoding is broken. */
function walk<Value>(
  node: Node<Value>,
  segments: readonly string[],
  at: number,
  values: string[],
): Node<Value> | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.byMethod.size > 0 ? node : undefined;
  const literal = node.literals.get(segment);
  const viaLiteral = literal === undefined ? undefined : walk(literal, segments, at + 1, values);
  if (viaLiteral !== undefined) return viaLiteral;
  const decoded = decodeSegment(segment);
  if (node.named === undefined || decoded === undefined || decoded === "") return undefined;
  const depth = values.length;
  values.push(decoded);
  const viaName = walk(node.named, segments, at + 1, values);
  if (viaName === undefined) values.length = depth;
  return viaName;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
