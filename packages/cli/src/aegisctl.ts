#!/usr/bin/env bun
/** bin aegisctl: the process around `runAegisctl`. */
import { processIo } from "./process-io.ts";
import { runAegisctl } from "./run-aegisctl.ts";

await runAegisctl(process.argv.slice(2), processIo());
