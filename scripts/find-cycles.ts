/** Circles in a directed graph: one example for each strongly connected part (Tarjan 1972). */

/** Each cycle starts and ends with the same node. Edges to unknown nodes are ignored. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  return stronglyConnected(graph)
    .filter((part) => part.length > 1 || isSelfLoop(graph, part))
    .map((part) => oneCycle(graph, part));
}

function isSelfLoop(graph: ReadonlyMap<string, readonly string[]>, [node]: readonly string[]): boolean {
  return node !== undefined && (graph.get(node)?.includes(node) ?? false);
}

function stronglyConnected(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const parts: string[][] = [];

  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) visit(next);
      // A node that has left the stack belongs to a part that is complete.
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) === order.get(node)) parts.push(stack.splice(stack.indexOf(node)));
  };

  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return parts;
}

/** The shortest way from the first node back to itself inside the part. */
function oneCycle(graph: ReadonlyMap<string, readonly string[]>, part: readonly string[]): string[] {
  const [start = ""] = [...part].sort();
  const inside = new Set(part);
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return [...pathTo(node, cameFrom), start];
      if (!inside.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return [start, start];
}

function pathTo(node: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path: string[] = [];
  for (let at: string | undefined = node; at !== undefined; at = cameFrom.get(at)) path.unshift(at);
  return path;
}
