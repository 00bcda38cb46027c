/** The real world behind CliIo: this process. */
import type { CliIo } from "./cli-io.ts";

export function processIo(): CliIo {
  // A reader that has seen enough (`aegisctl pending | head -1`) is no error.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
    env: process.env,
    cwd: process.cwd(),
    fetch: (url, init) => fetch(url, init),
  };
}
