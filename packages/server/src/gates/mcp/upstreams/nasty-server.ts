/**
 * A stdio MCP server that misbehaves on demand, for the tests: each tool is a way to be a bad peer.
 * `--exit-at-start` ends before the handshake, `--modern-only` refuses `initialize`, `--hang` never answers,
 * `--stderr-flood` screams. Runs on Bun and Node.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const has = (flag: string): boolean => process.argv.includes(flag);
const MODERN = "2026-07-28";
let held: unknown;

if (has("--exit-at-start")) {
  process.stderr.write("cannot find my licence\n");
  process.exit(3);
}
if (has("--stderr-flood")) for (let at = 0; at < 5000; at++) process.stderr.write(`line ${at}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  if (has("--hang")) continue;
  const { id, method, params } = JSON.parse(line);
  if (method === "notifications/cancelled") process.stderr.write(`cancelled ${params.requestId}\n`);
  if (id === undefined) continue;
  if (method === "initialize") initialize(id, params.protocolVersion);
  else if (method === "server/discover") discover(id);
  else if (method === "tools/call") await misbehave(params.name, id, params);
  else answer(id, {});
}

function initialize(id: unknown, protocolVersion: string): void {
  if (has("--modern-only")) {
    refuse(id, -32022, { supported: [MODERN], requested: protocolVersion });
    return;
  }
  answer(id, { protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "nasty", version: "1" } });
}

function discover(id: unknown): void {
  if (!has("--modern-only")) {
    refuse(id, -32601, undefined);
    return;
  }
  answer(id, { supportedVersions: [MODERN], capabilities: { tools: {} }, resultType: "complete" });
}

async function misbehave(name: string, id: unknown, params: unknown): Promise<void> {
  switch (name) {
    case "echo":
      answer(id, text(JSON.stringify(params)));
      return;
    case "environment":
      answer(id, text(JSON.stringify(process.env)));
      return;
    case "crash":
      process.exit(3);
      break;
    case "silence":
      return;
    case "banner":
      process.stdout.write("Welcome!\n\n\u0007not json {\n");
      answer(id, text("after the banner"));
      return;
    case "flood":
      process.stdout.write("rubbish\n".repeat(150));
      return;
    case "broken":
      process.stdout.write(`{"jsonrpc":"2.0","id":${String(id)},"result":{oops}}\n`);
      return;
    case "no-utf8":
      process.stdout.write(Buffer.from([0x7b, 0xff, 0xfe, 0x0a]));
      answer(id, text("after the bytes"));
      return;
    case "huge-number":
      process.stdout.write(`{"jsonrpc":"2.0","id":${String(id)},"result":{"n":9007199254740993}}\n`);
      return;
    case "oversized":
      process.stdout.write(
        `{"result":{"blob":"${"x".repeat(17 * 1024 * 1024)}"},"jsonrpc":"2.0","id":${String(id)}}\n`,
      );
      return;
    case "split":
      return writeInPieces(JSON.stringify({ jsonrpc: "2.0", id, result: text("zwölf Äpfel für 3 € 🍏") }));
    case "hold":
      held = id;
      return;
    case "release":
      answer(id, text("released"));
      answer(held, text("held"));
      return;
    case "grandchild":
      answer(id, text(String(spawn("sleep", ["300"], { stdio: "ignore" }).pid)));
      return;
    default:
      refuse(id, -32602, undefined);
  }
}

async function writeInPieces(message: string): Promise<void> {
  for (const byte of Buffer.from(`${message}\n`)) {
    process.stdout.write(Buffer.from([byte]));
    if (byte > 0x7f) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function text(value: string): object {
  return { content: [{ type: "text", text: value }] };
}

function answer(id: unknown, result: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
}

function refuse(id: unknown, code: number, data: object | undefined): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code, message: "refused", data } })}\n`);
}
