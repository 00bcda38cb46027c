/**
 * A child process that speaks lines: spawned without a shell in its own process group, with a small environment,
 * its stderr turned into bounded log lines, and ended together with everything it started.
 * What it does not do: understand the lines (upstream-stdio.ts) or start again (supervisor.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { AegisError, errorText } from "@aegisflow/core";
import type { Clock } from "../../../governance/ports.ts";
import { MESSAGE_BYTES_MAX } from "./frames.ts";
import { type Line, LineReader } from "./lines.ts";
import { LOG_LINE_CHARS_MAX, printable, type UpstreamLog } from "./upstream-log.ts";

/** Closing its input asks a server to go; many only listen to SIGTERM. */
const HINT_MS = 500;
/** After SIGTERM, to finish its work. */
const GRACE_MS = 2000;
/** After the exit, for output that is still in the pipe. */
const DRAIN_MS = 250;
/** What waits to be read by a child that does not read; then calls are refused. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;
/** stderr lines logged per process; a server that screams must not fill the disk. */
const STDERR_LINES_MAX = 1000;

/**
 * What every child may see of our environment: where programs are, who and where we are, how text is encoded.
 * Keys of this gateway, proxies with passwords and cloud credentials are not in it; configuration adds what is needed.
 */
const ENV_ALLOWED: readonly string[] = (
  "PATH HOME USER LOGNAME SHELL TERM TMPDIR TZ LANG LC_ALL LC_CTYPE " +
  "SYSTEMROOT COMSPEC PATHEXT TEMP TMP USERPROFILE APPDATA LOCALAPPDATA"
).split(" ");

export interface ProcessConfig {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface LineProcess {
  /** Why the process ended, for people. Resolves once it is gone. */
  readonly exited: Promise<string>;
  /** @throws AegisError `upstream-failed` when the process does not take input. */
  writeLine(text: string): void;
  /** Closes its input, then SIGTERM, then SIGKILL to its whole group. */
  close(): Promise<void>;
}

export function startProcess(
  config: ProcessConfig,
  ports: { readonly clock: Clock; readonly log: UpstreamLog },
  onLine: (line: Line) => void,
): LineProcess {
  const child = spawn(config.command, [...config.args], {
    env: { ...allowedEnv(), ...config.env },
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own, so that what the child starts can be ended with it.
    detached: process.platform !== "win32",
    windowsHide: true,
    ...(config.cwd === undefined ? {} : { cwd: config.cwd }),
  });
  const exited = untilExit(child, ports.clock);
  const lines = new LineReader(MESSAGE_BYTES_MAX, onLine);
  child.stdout.on("data", (chunk: Uint8Array) => lines.feed(chunk));
  child.stderr.on("data", stderrLogger(ports.log));
  // EPIPE after the child went away; its exit tells the story.
  child.stdin.on("error", (error: Error) => ports.log("debug", `writing to the process failed: ${error.message}`));
  return {
    exited,
    writeLine: (text) => {
      if (!child.stdin.writable || child.stdin.writableLength > UNREAD_BYTES_MAX) throw notReading(config.name);
      child.stdin.write(`${onOneLine(text)}\n`);
    },
    close: () => endGroup(child, exited, ports.clock),
  };
}

function allowedEnv(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ENV_ALLOWED) {
    const value = process.env[name];
    // Exported shell functions can carry code (Shellshock).
    if (value !== undefined && !value.startsWith("()")) env[name] = value;
  }
  return env;
}

function untilExit(child: ChildProcess, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`could not be started: ${errorText(error)}`));
    child.on("exit", (code, signal) => {
      const reason = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      const drained = new AbortController();
      child.on("close", () => drained.abort());
      // Its last words may still be in the pipe; a grandchild that holds the pipe open must not hide the exit.
      clock.sleep(DRAIN_MS, drained.signal).then(
        () => resolve(reason),
        () => resolve(reason),
      );
    });
  });
}

function stderrLogger(log: UpstreamLog): (chunk: Uint8Array) => void {
  let logged = 0;
  const lines = new LineReader(LOG_LINE_CHARS_MAX, (line) => {
    if (++logged > STDERR_LINES_MAX) return;
    if (line.kind !== "malformed") log("info", `stderr: ${printable(line.kind === "text" ? line.text : line.head)}`);
    if (logged === STDERR_LINES_MAX) log("warn", "stderr: further lines are not logged");
  });
  return (chunk) => lines.feed(chunk);
}

function notReading(name: string): AegisError {
  return new AegisError("upstream-failed", `upstream \`${name}\` does not take requests any more`, { retryable: true });
}

async function endGroup(child: ChildProcess, exited: Promise<string>, clock: Clock): Promise<void> {
  child.stdin?.end();
  if (!(await isGoneWithin(HINT_MS, exited, clock))) {
    signalGroup(child, "SIGTERM");
    await isGoneWithin(GRACE_MS, exited, clock);
  }
  // Grandchildren may outlive a child that went on its own.
  signalGroup(child, "SIGKILL");
  await isGoneWithin(GRACE_MS, exited, clock);
  child.stdout?.destroy();
  child.stderr?.destroy();
}

async function isGoneWithin(limitMs: number, exited: Promise<string>, clock: Clock): Promise<boolean> {
  const waiting = new AbortController();
  const tooLate = clock.sleep(limitMs, waiting.signal).then(
    () => false,
    () => false,
  );
  const gone = await Promise.race([exited.then(() => true), tooLate]);
  waiting.abort();
  return gone;
}

function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the whole group is gone already.
  }
}

/**
 * Some servers take every line end of Unicode for the end of a message. In JSON these stand in texts only, where
 * their escapes mean the same.
 */
export function onOneLine(json: string): string {
  return json.replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
