/** What the demo's chapters share: the running product, its workspace, and the forge's own record of what reached it. */
import { existsSync, readFileSync } from "node:fs";
import type { Product } from "../product-process.ts";

export interface DemoWorld {
  readonly workspace: string;
  readonly forgeLog: string;
  product: Product;
  restart(signal: NodeJS.Signals): Promise<void>;
}

/** Proof of how often an action ran: the forge writes a line for each call that reaches it. */
export function forgeCalls(world: DemoWorld, tool: string): number {
  if (!existsSync(world.forgeLog)) return 0;
  const lines = readFileSync(world.forgeLog, "utf8").split("\n").filter(Boolean);
  return lines.filter((line) => line.includes(`"${tool}"`)).length;
}
