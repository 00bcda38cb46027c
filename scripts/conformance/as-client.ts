/** The product's upstream leg as the client under test. */
import { join } from "node:path";
import {
  type ProductRuntime,
  programOf,
  REPOSITORY,
  type Revision,
  runRequirements,
  type SuiteRun,
} from "./run-suite.ts";

export interface ClientRun {
  readonly revision: Revision;
  readonly runtime: ProductRuntime;
}

/** Each scenario starts the client anew, which takes Node its time; there the newer revision, the larger one, will do. */
export const CLIENT_RUNS: readonly ClientRun[] = [
  { revision: "2025-11-25", runtime: "bun" },
  { revision: "2026-07-28", runtime: "bun" },
  { revision: "2026-07-28", runtime: "node" },
];

export async function runAsClient({ revision, runtime }: ClientRun): Promise<SuiteRun> {
  const driver = join(REPOSITORY, "tests/conformance/client.ts");
  const command = `${programOf(runtime)} ${driver}`;
  const { required, optional } = await runRequirements("client", ["--command", command], revision);
  return { revision, side: `client on ${runtime}`, required, optional, proofs: [] };
}
