/** Holds what reached the fixture against the gateway's evidence: for each call a decision that allowed it. */
import { parseBundle } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Product } from "../product-process.ts";
import type { Proof } from "./run-suite.ts";

const PAGE_MAX = 100;

export async function proveEvidence(product: Product, calls: readonly string[]): Promise<Proof> {
  const decided = count(await decidedTools(product));
  const executed = count(calls);
  const missing = [...executed].filter(([tool, times]) => (decided.get(tool) ?? 0) < times).map(([tool]) => tool);
  const claim = `${calls.length} calls reached the upstream, each with a decision in the evidence`;
  return {
    claim: missing.length === 0 ? claim : `${claim}; not ${missing.join(", ")}`,
    isHeld: missing.length === 0 && calls.length > 0,
  };
}

async function decidedTools(product: Product): Promise<readonly string[]> {
  const tools: string[] = [];
  for (const { session_id, tenant } of await listSessions(product)) {
    const bundle = await get(
      product,
      `/admin/v1/evidence/sessions/${encodeURIComponent(session_id)}/export?tenant=${tenant}`,
    );
    const { records } = parseBundle(nodeCrypto, new Uint8Array(await bundle.arrayBuffer()));
    for (const { header, disclosures } of records) {
      if (header.kind !== "decision" || header.p["effect"] !== "allow") continue;
      const [, tool] = disclosures["tool"] ?? [];
      // Rules and evidence know a tool with the name of its upstream before it.
      if (typeof tool === "string") tools.push(tool.replace(/^everything\./, ""));
    }
  }
  return tools;
}

interface Session {
  readonly session_id: string;
  readonly tenant: string;
}

async function listSessions(product: Product): Promise<readonly Session[]> {
  const sessions: Session[] = [];
  let cursor: string | null = "";
  for (let page = 0; cursor !== null && page < PAGE_MAX; page++) {
    const response: Response = await get(
      product,
      `/admin/v1/evidence/sessions?limit=100${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    const onePage: readonly Session[] = await response.json();
    sessions.push(...onePage);
    cursor = response.headers.get("x-next-cursor");
  }
  return sessions;
}

async function get({ adminUrl, adminKey }: Product, path: string): Promise<Response> {
  const response = await fetch(`${adminUrl}${path}`, { headers: { authorization: `Bearer ${adminKey}` } });
  if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

function count(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
