/**
 * Typed calls of the admin API, by route name: path, query, body and answer have the types of the route table in
 * core. Uses fetch only, so it runs on Bun, on Node 20 and later and in browsers. Every failure is an AegisError
 * that says what to do: unreachable, 401, 403 and so on.
 */
import { type ADMIN_ROUTES, type AdminRouteName, adminRoute } from "@aegisflow/core/admin-api/admin-api";
import { AegisError } from "@aegisflow/core/errors";
import type { z } from "zod";
import { errorOfResponse, unreachable } from "./client-errors.ts";
import { requestUrl } from "./request-url.ts";

/** A person waits for the answer. */
export const TIMEOUT_MS_DEFAULT = 10_000;
/** The bundle of a long session takes a while. */
export const DOWNLOAD_TIMEOUT_MS_DEFAULT = 10 * 60_000;
/** Header that carries the next page's cursor where the body is an array. */
const NEXT_CURSOR_HEADER = "x-next-cursor";
/** Pages fetched for one listing; more than any screen or script reads. */
const PAGES_MAX = 500;

type RouteOf<N extends AdminRouteName> = Extract<(typeof ADMIN_ROUTES)[number], { readonly name: N }>;
type AnswersOf<N extends AdminRouteName> = RouteOf<N>["responses"][keyof RouteOf<N>["responses"]];
type InputOf<R, Part extends "query" | "body"> = R extends { readonly [key in Part]: infer S extends z.ZodType }
  ? z.input<S>
  : never;

/** The JSON body of a route's answer. */
export type AnswerOf<N extends AdminRouteName> =
  AnswersOf<N> extends { readonly schema: infer S extends z.ZodType } ? z.output<S> : never;

export interface CallInput<N extends AdminRouteName> {
  /** Values of the `{names}` in the route's path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: InputOf<RouteOf<N>, "query">;
  readonly body?: InputOf<RouteOf<N>, "body">;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

export interface Page<N extends AdminRouteName> {
  readonly answer: AnswerOf<N>;
  readonly nextCursor: string | undefined;
}

export interface AdminClient {
  readonly url: string;
  /** The JSON answer. @throws AegisError with what the server said, or what to do when it said nothing. */
  call<N extends AdminRouteName>(name: N, input?: CallInput<N>): Promise<AnswerOf<N>>;
  /** The same with the cursor of the next page, wherever the route puts it. */
  page<N extends AdminRouteName>(name: N, input?: CallInput<N>): Promise<Page<N>>;
  /** Items of all pages of a listing, at most `max`. */
  all<N extends AdminRouteName, T>(
    name: N,
    input: CallInput<N>,
    itemsOf: (answer: AnswerOf<N>) => readonly T[] | undefined,
    max: number,
  ): Promise<readonly T[]>;
  /** The bytes of an answer that is not JSON: bundles and reports. */
  download<N extends AdminRouteName>(name: N, input?: CallInput<N>): Promise<Uint8Array>;
}

export interface AdminClientOptions {
  /** `http://127.0.0.1:8081`, with or without a path prefix. */
  readonly url: string;
  /** Absent: only the open route answers. */
  readonly apiKey?: string;
  readonly timeoutMs?: number;
  readonly downloadTimeoutMs?: number;
  /** Default the global one. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** @throws AegisError `invalid-input` when the URL is none. */
export function createAdminClient(options: AdminClientOptions): AdminClient {
  const url = options.url.replace(/\/+$/, "");
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new AegisError(
      "invalid-input",
      `\`${options.url}\` is not an http address; give one such as http://127.0.0.1:8081`,
    );
  }
  const client: AdminClient = {
    url,
    call: async (name, input) => (await client.page(name, input)).answer,
    page: (name, input = {}) => fetchPage(options, url, name, input),
    all: (name, input, itemsOf, max) => fetchAll(client, name, input, itemsOf, max),
    async download(name, input = {}) {
      const timeoutMs = options.downloadTimeoutMs ?? DOWNLOAD_TIMEOUT_MS_DEFAULT;
      return send(
        { options, url, timeoutMs },
        name,
        input,
        async (response) => new Uint8Array(await response.arrayBuffer()),
      );
    },
  };
  return client;
}

async function fetchPage<N extends AdminRouteName>(
  options: AdminClientOptions,
  url: string,
  name: N,
  input: CallInput<N>,
): Promise<Page<N>> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS_DEFAULT;
  return send({ options, url, timeoutMs }, name, input, async (response) => {
    // NOTE: believed, not parsed again: the server of the same version made it of the same table.
    const answer: AnswerOf<N> = await readJson(response, url);
    return { answer, nextCursor: response.headers.get(NEXT_CURSOR_HEADER) ?? cursorIn(answer) };
  });
}

interface Target {
  readonly options: AdminClientOptions;
  readonly url: string;
  readonly timeoutMs: number;
}

async function send<N extends AdminRouteName, T>(
  { options, url, timeoutMs }: Target,
  name: N,
  input: CallInput<N>,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const route = adminRoute(name);
  const headers: Record<string, string> = { accept: "application/json, */*" };
  if (options.apiKey !== undefined) headers["x-api-key"] = options.apiKey;
  if (input.body !== undefined) headers["content-type"] = "application/json";
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = input.signal === undefined ? timeout : AbortSignal.any([timeout, input.signal]);
  try {
    const response = await (options.fetch ?? fetch)(requestUrl(url, route, input), {
      method: route.method,
      headers,
      signal,
      redirect: "error",
      ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
    });
    if (!response.ok) throw await errorOfResponse(response, url);
    return await read(response);
  } catch (error) {
    throw unreachable(error, { url, timeoutMs, timedOut: timeout.aborted, cancelled: input.signal?.aborted === true });
  }
}

async function fetchAll<N extends AdminRouteName, T>(
  client: AdminClient,
  name: N,
  input: CallInput<N>,
  itemsOf: (answer: AnswerOf<N>) => readonly T[] | undefined,
  max: number,
): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX && items.length < max; page += 1) {
    const next = cursor === undefined ? input : { ...input, cursor };
    const { answer, nextCursor } = await client.page(name, next);
    items.push(...(itemsOf(answer) ?? []));
    if (nextCursor === undefined) break;
    cursor = nextCursor;
  }
  return items.slice(0, max);
}

function cursorIn(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null || !("next_cursor" in answer)) return undefined;
  return typeof answer.next_cursor === "string" ? answer.next_cursor : undefined;
}

async function readJson<T>(response: Response, url: string): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AegisError("upstream-failed", `\`${url}\` did not answer with JSON; is it the admin API of aegisflow?`, {
      cause,
    });
  }
}
