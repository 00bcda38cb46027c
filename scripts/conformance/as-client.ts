/** The product's upstream leg as the client under test. */
import { join } from "node:path";
import { REPOSITORY, type Revision, runRequirements, type SuiteRun } from "./run-suite.ts";

export async function runAsClient(revision: Revision): Promise<SuiteRun> {
  const driver = join(REPOSITORY, "tests/conformance/client.ts");
  const { required, optional } = await runRequirements(
    "client",
    ["--command", `${process.execPath} ${driver}`],
    revision,
  );
  return { revision, side: "client", required, optional, proofs: [] };
}
