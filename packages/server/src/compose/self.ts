/** How this very program is started again, for the example upstream: a single binary, or a runtime with main.ts. */
import { join } from "node:path";

export interface SelfCommand {
  readonly program: string;
  /** Absent in a single binary. */
  readonly script?: string;
}

export function selfCommand(): SelfCommand {
  if (isSingleBinary()) return { program: process.execPath };
  return { program: process.execPath, script: join(import.meta.dirname, "..", "main.ts") };
}

/** Bun serves the files of a compiled binary from a folder that no disk has. */
function isSingleBinary(): boolean {
  return import.meta.url.includes("/$bunfs/") || import.meta.url.includes("/~BUN/");
}
