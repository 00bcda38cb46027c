/**
 * `npm run smoke`: does what is shipped work? Drives the built binaries from an empty folder without node_modules, and
 * the server from source on Node 24, over plain HTTP: keys, a read, a block, a review with approval and retry, evidence
 * that the built verifiers accept and, once changed, refuse. Needs `npm run build` before it.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { Transcript } from "./demo/transcript.ts";
import { driveProduct } from "./smoke/drive-product.ts";

const REPOSITORY = resolve(import.meta.dirname, "..");
const BUILT = ["aegisflow", "aegisctl", "aegisflow-verify.mjs"];

/** One way to run the product: argv of each program. */
export interface Shipped {
  readonly server: readonly string[];
  readonly aegisctl: readonly string[];
  readonly verifier: readonly string[];
  /** Folder the programs run in: empty but for themselves. */
  readonly folder: string;
}

async function main(): Promise<number> {
  const transcript = new Transcript();
  const folder = mkdtempSync(join(tmpdir(), "aegisflow-smoke-"));
  try {
    for (const name of BUILT) copyFileSync(join(REPOSITORY, "dist", name), join(folder, name));
    const verifier = [systemNode(), join(folder, "aegisflow-verify.mjs")];
    transcript.chapter("Built binaries, from an empty folder");
    await driveProduct(transcript, {
      server: [join(folder, "aegisflow")],
      aegisctl: [join(folder, "aegisctl")],
      verifier,
      folder,
    });

    const node24 = join(REPOSITORY, "node_modules/.bin/node");
    const source = (path: string): readonly string[] => [node24, join(REPOSITORY, path)];
    transcript.chapter(`From source on Node ${spawnSync(node24, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
    await driveProduct(transcript, {
      server: source("packages/server/src/main.ts"),
      aegisctl: source("packages/cli/src/aegisctl.ts"),
      verifier,
      folder,
    });
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    console.log(`${transcript.steps - 1} passed, 1 failed`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${transcript.steps} passed, 0 failed`);
  return 0;
}

/** The machine's own Node when there is one beside the pinned packages: the verifier must run on it. */
function systemNode(): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const found = folders.map((folder) => join(folder, "node")).find((path) => existsSync(path));
  return found ?? join(REPOSITORY, "node_modules/.bin/node");
}

if (import.meta.main) process.exit(await main());
