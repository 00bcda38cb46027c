/**
 * The types that tie a handler to its row in the route table: parameters, query, body and answer. A table of
 * handlers is complete by its type: no route without a handler, no handler without a row.
 */
import type { ADMIN_ROUTES, AdminRouteName } from "@aegisflow/core/admin-api/admin-api";
import type { Principal } from "@aegisflow/core/identity/principal";
import type { z } from "zod";

type RouteOf<N extends AdminRouteName> = Extract<(typeof ADMIN_ROUTES)[number], { readonly name: N }>;
type PartOf<R, Part extends "query" | "body"> = R extends { readonly [key in Part]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;
type AnswersOf<N extends AdminRouteName> = RouteOf<N>["responses"][keyof RouteOf<N>["responses"]];
type BodyOf<N extends AdminRouteName> =
  AnswersOf<N> extends { readonly schema: infer S extends z.ZodType } ? z.output<S> : never;

export interface RouteCall<N extends AdminRouteName> {
  readonly principal: Principal;
  /** Values of the `{names}` in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: PartOf<RouteOf<N>, "query">;
  readonly body: PartOf<RouteOf<N>, "body">;
}

export interface JsonAnswer<Body> {
  readonly json: Body;
  /** Goes into the header `x-next-cursor` where the body has no place for it. */
  readonly nextCursor?: string | undefined;
}

/** An answer that is not JSON, with the name a browser saves it under. */
export interface RawAnswer {
  readonly raw: string | Uint8Array;
  readonly filename?: string;
}

export type RouteAnswer<N extends AdminRouteName> = [BodyOf<N>] extends [never] ? RawAnswer : JsonAnswer<BodyOf<N>>;

export type RouteHandler<N extends AdminRouteName> = (call: RouteCall<N>) => RouteAnswer<N> | Promise<RouteAnswer<N>>;

export type RouteHandlers<Names extends AdminRouteName = AdminRouteName> = {
  readonly [N in Names]: RouteHandler<N>;
};

/** The names of one noun: `approvals.list`, `approvals.get` … */
export type NamesOf<Noun extends string> = Extract<AdminRouteName, `${Noun}.${string}`>;
