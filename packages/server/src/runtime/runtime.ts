/**
 * What differs between Bun and Node 24, behind one port: listening, outbound fetch, SQLite.
 * Everything else in the server uses node: APIs that both have. Chosen once at start by `loadRuntime()`.
 */

/** One inbound request. Header names are lower case; a repeated header is refused before the handler sees it (RFC 9110 5.3 lists excepted). */
export interface InboundRequest {
  readonly method: string;
  /** Path without query, percent-encoding kept as sent. */
  readonly path: string;
  /** Query string without `?`; empty when there is none. */
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
  /** Aborts when the client goes away or the server closes. */
  readonly signal: AbortSignal;
  /** Reads the whole body. @throws AegisError `too-large` as soon as more than `bytesMax` have arrived (or are announced). */
  readBody(bytesMax: number): Promise<Uint8Array>;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is pulled only as fast as the client reads; its `return()` is called when the client goes away. */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array | string> | null;
}

export type RequestHandler = (request: InboundRequest) => Promise<OutboundResponse>;

export interface ListenOptions {
  /** A host name or address, or `unix:/path` for a unix socket (mode 0600). */
  readonly host: string;
  readonly port: number;
  readonly handler: RequestHandler;
  /** Idle seconds before a connection without traffic is closed; streams send heartbeats below it. */
  readonly idleTimeoutS: number;
  /** Ceiling for every body on this listener, whatever limit a handler reads with; default 16 MiB. */
  readonly bodyBytesMax?: number;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets running requests finish until `graceMs`, then aborts them. */
  close(graceMs: number): Promise<void>;
}

export interface FetchRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
  readonly redirect?: "manual" | "error" | "follow";
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

export type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqliteDatabase {
  exec(sql: string): void;
  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number };
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined;
  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** BEGIN IMMEDIATE … COMMIT; rolls back and rethrows on a throw. Not nestable. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface Runtime {
  readonly name: "bun" | "node";
  listen(options: ListenOptions): Promise<Listener>;
  fetch(request: FetchRequest): Promise<FetchResponse>;
  /** WAL, synchronous FULL, foreign keys on, busy timeout 5 s. `:memory:` is allowed. */
  openSqlite(path: string): SqliteDatabase;
}

export async function loadRuntime(): Promise<Runtime> {
  if (process.versions.bun !== undefined) return (await import("./bun/bun-runtime.ts")).bunRuntime;
  return (await import("./node/node-runtime.ts")).nodeRuntime;
}
