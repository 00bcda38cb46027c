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

export async function runAsClient(revision: Revision, runtime: ProductRuntime): Promise<SuiteRun> {
  const driver = join(REPOSITORY, "tests/conformance/client.ts");
  const { required, optional } = await runRequirements(
    "client",
    ["--command", `${programOf(runtime)} ${driver}`],
    revision,
  );
  return { revision, side: `client on ${runtime}`, required, optional, proofs: [] };
}
