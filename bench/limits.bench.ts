/**
 * What the machine and the runtime could do at best: an append with fdatasync (no durable record is faster than this),
 * and an echo over HTTP without any product code (no governed call is faster than this).
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchRow, percentiles } from "./bench-row.ts";

/** A frame of one evidence record. */
const RECORD_BYTES = 900;
const SYNCS = 500;
const ECHO_REQUESTS = 4000;
const ECHO_WARMUP = 500;

export async function limitsBench(report: (row: BenchRow) => void): Promise<void> {
  const sync = percentiles(measureFdatasync(SYNCS));
  report({ name: "disk: append 900 B + fdatasync, p50", measured: sync.p50, unit: "ms" });
  report({ name: "disk: append 900 B + fdatasync, p99", measured: sync.p99, unit: "ms" });
  const echo = await measureEcho();
  report({ name: "runtime: bare HTTP echo, 1 connection, p50", measured: echo.p50, unit: "ms" });
  report({ name: "runtime: bare HTTP echo, 1 connection, p99", measured: echo.p99, unit: "ms" });
}

/** Milliseconds of each append to a growing file in the temporary folder, where the other benches write too. */
export function measureFdatasync(count: number): number[] {
  const folder = mkdtempSync(join(tmpdir(), "aegisflow-bench-"));
  const file = openSync(join(folder, "log"), "w");
  const record = Buffer.alloc(RECORD_BYTES, 0x61);
  const samples: number[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const startedMs = performance.now();
      writeSync(file, record);
      fdatasyncSync(file);
      samples.push(performance.now() - startedMs);
    }
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
  return samples;
}

async function measureEcho(): Promise<{ readonly p50: number; readonly p99: number }> {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => new Response(await request.text()),
  });
  const url = `http://127.0.0.1:${server.port}/`;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "x", arguments: {} } });
  const samples: number[] = [];
  try {
    for (let index = 0; index < ECHO_WARMUP + ECHO_REQUESTS; index += 1) {
      const startedMs = performance.now();
      await (await fetch(url, { method: "POST", body })).text();
      if (index >= ECHO_WARMUP) samples.push(performance.now() - startedMs);
    }
  } finally {
    await server.stop(true);
  }
  return percentiles(samples);
}
