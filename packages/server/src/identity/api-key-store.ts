/**
 * Where API keys live: their hashes, never the keys. Every change is one atomic, durable step. A revoked key stays,
 * so that its id is never given to somebody else.
 * Trusted: whoever can write here can be anybody.
 */
import type { Role } from "@aegisflow/core/identity/principal";

export interface ApiKeyRow {
  /** The principal: what rules, approvals and evidence know it by. */
  readonly id: string;
  /** 64 hex: SHA-256 over pepper and key. */
  readonly hash: string;
  readonly name: string;
  readonly tenant: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
  readonly revokedAtMs?: number;
  /** The key before a rotation, good until then. */
  readonly previousHash?: string;
  readonly previousUntilMs?: number;
}

export interface ApiKeyQuery {
  readonly tenant?: string;
  /** Oldest first; rows strictly after this position. */
  readonly after?: { readonly createdAtMs: number; readonly id: string };
  readonly limit: number;
}

export interface ApiKeyStore {
  /** False when the id or the hash is taken; nothing is changed then. */
  insert(row: ApiKeyRow): boolean;
  get(id: string): ApiKeyRow | undefined;
  /** The usable key with this hash at this moment: not revoked, not expired, not replaced. */
  findUsable(hash: string, atMs: number): ApiKeyRow | undefined;
  list(query: ApiKeyQuery): readonly ApiKeyRow[];
  /** Rows of the tenant, revoked ones too. */
  count(tenant: string): number;
  /** Keys of this tenant and role that are neither revoked nor expired. */
  countUsable(tenant: string, role: Role, atMs: number): number;
  /** Undefined when unknown or revoked. */
  rotate(id: string, hash: string, previousUntilMs: number): ApiKeyRow | undefined;
  /** Undefined when unknown or revoked already. */
  revoke(id: string, atMs: number): ApiKeyRow | undefined;
}
