/**
 * What every runtime must do, as plain cases without a test framework: the same file runs under `bun test` for
 * Bun and as a script on Node 24 (contract-on-node.ts).
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAegisError } from "@aegisflow/core/errors";
import type { InboundRequest, Listener, OutboundResponse, Runtime } from "./runtime.ts";

export interface ContractCase {
  readonly name: string;
  readonly run: (runtime: Runtime) => Promise<void>;
}

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 10) {
    if (condition()) return;
    await sleep(10);
  }
  assert.fail(`never happened: ${what}`);
}

async function withListener(
  runtime: Runtime,
  handler: (request: InboundRequest) => Promise<OutboundResponse>,
  work: (listener: Listener, origin: string) => Promise<void>,
  idleTimeoutS = 30,
): Promise<void> {
  const listener = await runtime.listen({ host: "127.0.0.1", port: 0, handler, idleTimeoutS });
  try {
    await work(listener, `http://127.0.0.1:${listener.port}`);
  } finally {
    await listener.close(0);
  }
}

const json = (value: unknown): OutboundResponse => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

const get = (runtime: Runtime, url: string, headers: Readonly<Record<string, string>> = {}) =>
  runtime.fetch({ url, method: "GET", headers, signal: AbortSignal.timeout(10_000) });

/** Sends raw bytes and gives what came back until the answer is complete or 300 ms of silence. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setTimeout(300, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data.toString();
      if (isComplete(answer)) socket.destroy();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

function isComplete(answer: string): boolean {
  const bodyAt = answer.indexOf("\r\n\r\n") + 4;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer)?.[1];
  return bodyAt >= 4 && length !== undefined && Buffer.byteLength(answer.slice(bodyAt)) >= Number(length);
}

function open(port: number, text: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(text);
      resolve(socket);
    });
    socket.on("error", () => undefined);
  });
}

const RAW_GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

const echo = async (request: InboundRequest): Promise<OutboundResponse> => {
  const body = await request.readBody(1000);
  return json({
    method: request.method,
    path: request.path,
    query: request.query,
    headers: Object.fromEntries(request.headers),
    remoteAddress: request.remoteAddress,
    body: Buffer.from(body).toString(),
  });
};

const requests: readonly ContractCase[] = [
  {
    name: "a request arrives with method, path, query, headers and body",
    run: (runtime) =>
      withListener(runtime, echo, async (_listener, origin) => {
        const response = await runtime.fetch({
          url: `${origin}/a%20b?q=1%2F2`,
          method: "POST",
          headers: { "X-One": "1" },
          body: "hällo",
          signal: AbortSignal.timeout(5000),
        });
        const seen = JSON.parse(await textOf(response.body));
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("content-type"), "application/json");
        assert.deepEqual([seen.method, seen.path, seen.query, seen.body], ["POST", "/a%20b", "q=1%2F2", "hällo"]);
        assert.equal(seen.headers["x-one"], "1");
        assert.equal(seen.remoteAddress, "127.0.0.1");
      }),
  },
  {
    name: "a path is normalised before it is matched",
    run: (runtime) =>
      withListener(runtime, echo, async ({ port }) => {
        const pathFor = async (target: string): Promise<unknown> => {
          const answer = await exchange(port, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
          return JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))).path;
        };
        assert.equal(await pathFor("/a/../b/./c"), "/b/c");
        assert.equal(await pathFor("/a/%2e%2e/b"), "/b");
        assert.equal(await pathFor("/a\\b"), "/a/b");
        assert.equal(await pathFor("//x/y"), "//x/y");
        assert.equal(await pathFor("http://other.example/z"), "/z");
      }),
  },
  {
    name: "a repeated single-valued header is refused before the handler sees it",
    run: async (runtime) => {
      let handled = 0;
      const handler = async (): Promise<OutboundResponse> => {
        handled += 1;
        return json({});
      };
      await withListener(runtime, handler, async ({ port }) => {
        const repeated = [
          "Host: b",
          "Authorization: A\r\nauthorization: B",
          "X-API-Key: a\r\nX-Api-Key: a",
          "Origin: a\r\nOrigin: b",
          "Content-Length: 0\r\nContent-Length: 0",
        ];
        for (const lines of repeated) {
          const answer = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`);
          assert.match(answer, /^HTTP\/1\.1 400 /, lines);
        }
        for (const host of ["a/b", "a b", "a?x", "a#", "a@b"]) {
          assert.match(await exchange(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), /^HTTP\/1\.1 400 /, host);
        }
      });
      assert.equal(handled, 0);
    },
  },
  {
    name: "list headers are joined",
    run: (runtime) =>
      withListener(runtime, echo, async ({ port }) => {
        const answer = await exchange(
          port,
          "GET / HTTP/1.1\r\nHost: a\r\nAccept: x\r\nAccept: y\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
        );
        const { headers } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
        assert.equal(headers.accept, "x, y");
        assert.equal(headers.cookie, "a=1; b=2");
      }),
  },
  {
    name: "framing that two readers could read differently is refused",
    run: async (runtime) => {
      let handled = 0;
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        handled += 1;
        await request.readBody(10);
        return json({});
      };
      await withListener(runtime, handler, async ({ port }) => {
        for (const lines of [
          "Content-Length: 2\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: chunked, identity",
          "Content-Length: 1\r\nContent-Length: 2",
        ]) {
          const answer = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n0\r\n\r\n`);
          assert.doesNotMatch(answer, /^HTTP\/1\.1 2/, lines);
        }
      });
      assert.equal(handled, 0);
    },
  },
  {
    name: "a body over the limit is refused when announced and while it arrives",
    run: async (runtime) => {
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        try {
          return json((await request.readBody(10)).byteLength);
        } catch (error) {
          return { status: 413, headers: {}, body: isAegisError(error) ? error.code : "other" };
        }
      };
      await withListener(runtime, handler, async ({ port }) => {
        const announced = await exchange(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
        assert.match(announced, /^HTTP\/1\.1 413 [\s\S]*too-large$/);
        const chunked = await exchange(
          port,
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n",
        );
        assert.match(chunked, /^HTTP\/1\.1 413 [\s\S]*too-large/);
        const fits = await exchange(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1234567890");
        assert.match(fits, /^HTTP\/1\.1 200 [\s\S]*10$/);
      });
    },
  },
  {
    name: "a handler that throws is a 500 that tells nothing",
    run: (runtime) =>
      withListener(
        runtime,
        () => Promise.reject(new Error("secret detail")),
        async ({ port }) => {
          const answer = await exchange(port, RAW_GET);
          assert.match(answer, /^HTTP\/1\.1 500 /);
          assert.doesNotMatch(answer, /secret/);
        },
      ),
  },
];

const streams: readonly ContractCase[] = [
  {
    name: "chunks of a streamed answer arrive one by one",
    run: async (runtime) => {
      const gate = Promise.withResolvers<void>();
      async function* body(): AsyncGenerator<string> {
        yield "one";
        await gate.promise;
        yield "two";
      }
      const handler = async (): Promise<OutboundResponse> => ({ status: 200, headers: {}, body: body() });
      await withListener(runtime, handler, async (_listener, origin) => {
        const response = await get(runtime, origin);
        const chunks = response.body[Symbol.asyncIterator]();
        assert.equal(Buffer.from((await chunks.next()).value ?? []).toString(), "one");
        gate.resolve();
        assert.equal(Buffer.from((await chunks.next()).value ?? []).toString(), "two");
        assert.equal((await chunks.next()).done, true);
      });
    },
  },
  {
    name: "a client that reads slowly slows the producer down",
    run: async (runtime) => {
      let produced = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          produced += 1;
          yield new Uint8Array(65_536);
        }
      }
      const handler = async (): Promise<OutboundResponse> => ({ status: 200, headers: {}, body: endless() });
      await withListener(runtime, handler, async ({ port }) => {
        const socket = await open(port, RAW_GET);
        socket.pause();
        await sleep(400);
        const before = produced;
        await sleep(200);
        assert.ok(before > 0 && before < 1000, `produced ${before} chunks`);
        assert.equal(produced, before);
        socket.destroy();
      });
    },
  },
  {
    name: "a client that goes away aborts the signal and returns the iterator, even one that is waiting",
    run: async (runtime) => {
      let returned = 0;
      let aborted = 0;
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        request.signal.addEventListener("abort", () => {
          aborted += 1;
        });
        async function* waiting(): AsyncGenerator<string> {
          try {
            yield "first";
            await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
            yield "never";
          } finally {
            returned += 1;
          }
        }
        return { status: 200, headers: {}, body: waiting() };
      };
      await withListener(runtime, handler, async ({ port }) => {
        const socket = await open(port, RAW_GET);
        await new Promise((resolve) => socket.once("data", resolve));
        socket.destroy();
        await until(() => returned === 1 && aborted === 1, "abort and return");
      });
    },
  },
  {
    name: "a client that goes away before the answer aborts the signal",
    run: async (runtime) => {
      let aborted = false;
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
        aborted = true;
        return json({});
      };
      await withListener(runtime, handler, async ({ port }) => {
        const socket = await open(port, RAW_GET);
        await sleep(50);
        socket.destroy();
        await until(() => aborted, "abort");
      });
    },
  },
  {
    name: "a complete answer does not abort the signal",
    run: async (runtime) => {
      const signals: AbortSignal[] = [];
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        signals.push(request.signal);
        return json({});
      };
      await withListener(runtime, handler, async (_listener, origin) => {
        await textOf((await get(runtime, origin)).body);
        await sleep(50);
      });
      assert.deepEqual(
        signals.map((signal) => signal.aborted),
        [false],
      );
    },
  },
  {
    name: "a slow handler and a silent stream outlive the idle limit",
    run: async (runtime) => {
      async function* late(): AsyncGenerator<string> {
        yield "one";
        await sleep(2500);
        yield "two";
      }
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        if (request.path === "/stream") return { status: 200, headers: {}, body: late() };
        await sleep(2500);
        return json("late");
      };
      await withListener(
        runtime,
        handler,
        async (_listener, origin) => {
          const both = await Promise.all([get(runtime, `${origin}/stream`), get(runtime, `${origin}/slow`)]);
          const texts = await Promise.all(both.map(({ body }) => textOf(body)));
          assert.deepEqual(texts, ["onetwo", '"late"']);
        },
        1,
      );
    },
  },
];

const closing: readonly ContractCase[] = [
  {
    name: "closing does not wait for streams that broke or whose client left early",
    run: async (runtime) => {
      async function* broken(): AsyncGenerator<string> {
        yield "x";
        throw new Error("broken");
      }
      let entered = 0;
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        entered += 1;
        if (request.path === "/late") await sleep(150);
        return { status: 200, headers: {}, body: broken() };
      };
      const listener = await runtime.listen({ host: "127.0.0.1", port: 0, handler, idleTimeoutS: 5 });
      await exchange(listener.port, RAW_GET);
      const left = await open(listener.port, "GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
      await until(() => entered === 2, "both requests");
      left.destroy();
      await sleep(300);
      const startedMs = performance.now();
      await listener.close(5000);
      assert.ok(performance.now() - startedMs < 2000, "closing waited for a request that had ended");
    },
  },
  {
    name: "closing lets a running request finish",
    run: async (runtime) => {
      const handler = async (): Promise<OutboundResponse> => {
        await sleep(200);
        return json("done");
      };
      const listener = await runtime.listen({ host: "127.0.0.1", port: 0, handler, idleTimeoutS: 5 });
      const answer = exchange(listener.port, RAW_GET);
      await sleep(50);
      await listener.close(5000);
      assert.match(await answer, /"done"/);
    },
  },
  {
    name: "closing aborts what outlives the grace and then refuses connections",
    run: async (runtime) => {
      let aborted = false;
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
        aborted = true;
        return json({});
      };
      const listener = await runtime.listen({ host: "127.0.0.1", port: 0, handler, idleTimeoutS: 5 });
      const answer = exchange(listener.port, RAW_GET);
      await sleep(50);
      await listener.close(50);
      await answer;
      assert.ok(aborted);
      assert.equal(await exchange(listener.port, RAW_GET), "");
    },
  },
  {
    name: "a unix socket is private, replaces a dead one and refuses a living one",
    run: async (runtime) => {
      const folder = mkdtempSync(join(tmpdir(), "aegis-"));
      const path = join(folder, "a.sock");
      const options = { host: `unix:${path}`, port: 0, handler: async () => json("unix"), idleTimeoutS: 5 };
      const first = await runtime.listen(options);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      await assert.rejects(runtime.listen(options), /in use/);
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(path, () => socket.write(RAW_GET));
        socket.once("data", (data) => {
          socket.destroy();
          resolve(data.toString());
        });
      });
      assert.match(answer, /"unix"/);
      await first.close(0);
      const second = await runtime.listen(options);
      await second.close(0);
      rmSync(folder, { recursive: true });
    },
  },
  {
    name: "a port in use is an error",
    run: (runtime) =>
      withListener(runtime, echo, async ({ port }) => {
        const again = runtime.listen({ host: "127.0.0.1", port, handler: echo, idleTimeoutS: 5 });
        await assert.rejects(again, { name: "AegisError", code: "conflict" });
      }),
  },
];

const outbound: readonly ContractCase[] = [
  {
    name: "fetch gives an error of ours when nobody listens and when it is cancelled",
    run: async (runtime) => {
      const listener = await runtime.listen({ host: "127.0.0.1", port: 0, handler: echo, idleTimeoutS: 5 });
      await listener.close(0);
      await assert.rejects(get(runtime, `http://127.0.0.1:${listener.port}/x`), {
        name: "AegisError",
        code: "upstream-failed",
      });
      const handler = () => new Promise<OutboundResponse>(() => undefined);
      await withListener(runtime, handler, async (_listener, origin) => {
        const aborter = new AbortController();
        const pending = runtime.fetch({ url: origin, method: "GET", headers: {}, signal: aborter.signal });
        setTimeout(() => aborter.abort(), 50);
        await assert.rejects(pending, { name: "AegisError", code: "cancelled" });
      });
    },
  },
  {
    name: "ending a fetched body early closes the connection",
    run: async (runtime) => {
      let aborted = false;
      async function* endless(): AsyncGenerator<string> {
        for (;;) {
          yield "x".repeat(1000);
          await sleep(5);
        }
      }
      const handler = async (request: InboundRequest): Promise<OutboundResponse> => {
        request.signal.addEventListener("abort", () => {
          aborted = true;
        });
        return { status: 200, headers: {}, body: endless() };
      };
      await withListener(runtime, handler, async (_listener, origin) => {
        const response = await get(runtime, origin);
        for await (const _chunk of response.body) break;
        await until(() => aborted, "the server sees the client leave");
      });
    },
  },
  {
    name: "a body cut off half way is an error, not an end",
    run: async (runtime) => {
      async function* broken(): AsyncGenerator<string> {
        yield "half";
        await sleep(50);
        throw new Error("broken");
      }
      const handler = async (): Promise<OutboundResponse> => ({ status: 200, headers: {}, body: broken() });
      await withListener(runtime, handler, async (_listener, origin) => {
        const response = await get(runtime, origin);
        await assert.rejects(textOf(response.body), { code: "upstream-failed" });
      });
    },
  },
  {
    name: "redirects are answers unless asked for, and credentials stay with their origin",
    run: async (runtime) => {
      await withListener(runtime, echo, async (_target, targetOrigin) => {
        const handler = async (request: InboundRequest): Promise<OutboundResponse> =>
          request.path === "/loop"
            ? { status: 302, headers: { location: "/loop" }, body: null }
            : { status: 302, headers: { location: `${targetOrigin}/landed` }, body: null };
        await withListener(runtime, handler, async (_listener, origin) => {
          const headers = { authorization: "Bearer s", "x-keep": "1" };
          const ask = (path: string, redirect: "manual" | "error" | "follow") =>
            runtime.fetch({
              url: `${origin}${path}`,
              method: "GET",
              headers,
              redirect,
              signal: AbortSignal.timeout(5000),
            });
          assert.equal((await ask("/", "manual")).status, 302);
          await assert.rejects(ask("/", "error"), { code: "upstream-failed" });
          await assert.rejects(ask("/loop", "follow"), { code: "upstream-failed" });
          const seen = JSON.parse(await textOf((await ask("/", "follow")).body));
          assert.equal(seen.path, "/landed");
          assert.equal(seen.headers.authorization, undefined);
          assert.equal(seen.headers["x-keep"], "1");
        });
      });
    },
  },
];

const sqlite: readonly ContractCase[] = [
  {
    name: "sqlite stores every kind of value and a private file",
    run: async (runtime) => {
      const folder = mkdtempSync(join(tmpdir(), "aegis-"));
      const path = join(folder, "a.db");
      const database = runtime.openSqlite(path);
      database.exec("CREATE TABLE t (a TEXT, b INTEGER, c REAL, d BLOB, e TEXT) STRICT");
      assert.equal(
        database.run("INSERT INTO t VALUES (?,?,?,?,?)", "ü", 5, 1.5, new Uint8Array([1, 0, 255]), null).changes,
        1,
      );
      const row = database.get("SELECT * FROM t WHERE a = ?", "ü");
      assert.deepEqual([row?.a, row?.b, row?.c, row?.e], ["ü", 5, 1.5, null]);
      assert.deepEqual([...(row?.d instanceof Uint8Array ? row.d : [])], [1, 0, 255]);
      assert.equal(database.get("SELECT * FROM t WHERE a = ?", "no"), undefined);
      assert.equal(database.all("SELECT a FROM t").length, 1);
      assert.equal(database.get("PRAGMA journal_mode")?.journal_mode, "wal");
      assert.equal(database.get("PRAGMA synchronous")?.synchronous, 2);
      assert.equal(database.get("PRAGMA foreign_keys")?.foreign_keys, 1);
      for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600);
      database.close();
      const again = runtime.openSqlite(path);
      assert.equal(again.all("SELECT a FROM t").length, 1);
      again.close();
      rmSync(folder, { recursive: true });
    },
  },
  {
    name: "a transaction that throws leaves nothing behind",
    run: async (runtime) => {
      const database = runtime.openSqlite(":memory:");
      database.exec("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT");
      const failing = (): void =>
        database.transaction(() => {
          database.run("INSERT INTO t VALUES (1)");
          database.run("INSERT INTO t VALUES (1)");
        });
      assert.throws(failing);
      assert.equal(database.all("SELECT a FROM t").length, 0);
      assert.equal(
        database.transaction(() => database.run("INSERT INTO t VALUES (2)").changes),
        1,
      );
      assert.equal(database.run("UPDATE t SET a = 3 WHERE a = 99").changes, 0);
      database.close();
    },
  },
];

export const RUNTIME_CONTRACT: readonly ContractCase[] = [...requests, ...streams, ...closing, ...outbound, ...sqlite];
