#!/usr/bin/env node
/** The process around `runVerifyCli`: the entry that is built to `dist/aegisflow-verify.mjs`. */
import { runVerifyCli } from "./verify-cli.ts";

const { status, stdout, stderr } = await runVerifyCli(process.argv.slice(2));
process.stderr.write(stderr);
process.stdout.write(stdout);
process.exitCode = status;
