/**
 * Making, rotating, revoking and listing API keys. Each change is in evidence before it is made; a secret is given
 * out once; the last administrator of the installation cannot be locked out.
 */
import type { ApiKeyView, NewApiKey } from "@aegisflow/core/admin-api/admin-api";
import { AegisError } from "@aegisflow/core/errors";
import { DEFAULT_TENANT, type Principal, type Role, visibleTenantOf } from "@aegisflow/core/identity/principal";
import type { Clock, EvidencePort, Random } from "../governance/ports.ts";
import type { ApiKeyRow, ApiKeyStore } from "./api-key-store.ts";
import type { ConfiguredKeys } from "./configured-keys.ts";
import { keyRecord } from "./key-records.ts";
import { createKeySecret, type HashKey } from "./key-secret.ts";

/** Keys of one tenant, revoked ones counted. */
export const KEYS_PER_TENANT_MAX = 10_000;
const ID_BYTES = 6;
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;

export interface ApiKeysPorts {
  readonly store: ApiKeyStore;
  readonly configured: () => ConfiguredKeys;
  readonly evidence: EvidencePort;
  readonly sources: { readonly clock: Clock; readonly random: Random };
  readonly hashKey: HashKey;
  readonly pseudonymOf: (tenant: string, principal: string) => string;
}

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  readonly tenant?: string | undefined;
  readonly expires_in_days?: number | undefined;
}

export interface KeyPage {
  readonly keys: readonly ApiKeyView[];
  readonly nextCursor?: string;
}

export interface ApiKeys {
  /** @throws AegisError `invalid-input` unknown tenant, `forbidden` foreign tenant, `limit-exceeded`. */
  create(by: Principal, key: NewKey): Promise<NewApiKey>;
  /** The principal stays, its secret changes. @throws AegisError `not-found`. */
  rotate(by: Principal, id: string, overlapMinutes: number): Promise<NewApiKey>;
  /** @throws AegisError `not-found`, or `conflict` for the last administrator. */
  revoke(by: Principal, id: string): Promise<ApiKeyView>;
  /** Keys of the configuration come on the first page. */
  list(by: Principal, query: { readonly limit: number; readonly cursor?: string | undefined }): KeyPage;
}

export function createApiKeys(ports: ApiKeysPorts): ApiKeys {
  return {
    create: (by, key) => createKey(ports, by, key),
    rotate: (by, id, overlapMinutes) => rotateKey(ports, by, id, overlapMinutes),
    revoke: (by, id) => revokeKey(ports, by, id),
    list: (by, query) => listKeys(ports, by, query),
  };
}

async function createKey(ports: ApiKeysPorts, by: Principal, key: NewKey): Promise<NewApiKey> {
  const tenant = key.tenant ?? by.tenant;
  const visible = visibleTenantOf(by);
  if (visible !== undefined && tenant !== visible) {
    throw new AegisError("forbidden", `keys of tenant \`${tenant}\` are made by its own administrators`);
  }
  if (ports.configured().tenantName(tenant) === undefined) {
    throw new AegisError("invalid-input", `tenant \`${tenant}\` is not configured; add it under tenants first`);
  }
  if (ports.store.count(tenant) >= KEYS_PER_TENANT_MAX) {
    throw new AegisError("limit-exceeded", `tenant \`${tenant}\` has ${KEYS_PER_TENANT_MAX} keys; rotate instead`);
  }
  const nowMs = ports.sources.clock.nowMs();
  const { name, role, expires_in_days } = key;
  const id = `key-${Buffer.from(ports.sources.random.bytes(ID_BYTES)).toString("hex")}`;
  const secret = createKeySecret(role, ports.sources.random);
  const expiry = expires_in_days === undefined ? {} : { expiresAtMs: nowMs + expires_in_days * DAY_MS };
  const row: ApiKeyRow = { id, hash: ports.hashKey(secret), name, tenant, role, createdAtMs: nowMs, ...expiry };
  await ports.evidence.append(keyRecord("key.create", row, by.id, ports.pseudonymOf));
  if (!ports.store.insert(row)) throw new AegisError("conflict", "the key could not be stored; try again");
  return { key: toView(row), secret };
}

async function rotateKey(ports: ApiKeysPorts, by: Principal, id: string, overlapMinutes: number): Promise<NewApiKey> {
  const row = usableRow(ports, by, id);
  const secret = createKeySecret(row.role, ports.sources.random);
  await ports.evidence.append(keyRecord("key.rotate", row, by.id, ports.pseudonymOf));
  const untilMs = ports.sources.clock.nowMs() + overlapMinutes * MINUTE_MS;
  const rotated = ports.store.rotate(id, ports.hashKey(secret), untilMs);
  if (rotated === undefined) throw unknownKey(id);
  return { key: toView(rotated), secret };
}

async function revokeKey(ports: ApiKeysPorts, by: Principal, id: string): Promise<ApiKeyView> {
  const row = usableRow(ports, by, id);
  assertNotLastAdmin(ports, row);
  await ports.evidence.append(keyRecord("key.revoke", row, by.id, ports.pseudonymOf));
  // Asked again: another administrator may have been revoked while the record was written.
  assertNotLastAdmin(ports, row);
  const revoked = ports.store.revoke(id, ports.sources.clock.nowMs());
  if (revoked === undefined) throw unknownKey(id);
  return toView(revoked);
}

function usableRow(ports: ApiKeysPorts, by: Principal, id: string): ApiKeyRow {
  const row = ports.store.get(id);
  const visible = visibleTenantOf(by);
  if (
    row === undefined &&
    ports
      .configured()
      .list()
      .some((key) => key.id === id)
  ) {
    throw new AegisError("conflict", `key \`${id}\` stands in the configuration file; change it there`);
  }
  if (row === undefined || row.revokedAtMs !== undefined) throw unknownKey(id);
  if (visible !== undefined && row.tenant !== visible) throw unknownKey(id);
  return row;
}

function assertNotLastAdmin(ports: ApiKeysPorts, row: ApiKeyRow): void {
  if (row.role !== "admin" || row.tenant !== DEFAULT_TENANT) return;
  const nowMs = ports.sources.clock.nowMs();
  const isAdmin = (key: Principal): boolean => key.role === "admin" && key.tenant === DEFAULT_TENANT;
  if (ports.store.countUsable(DEFAULT_TENANT, "admin", nowMs) > 1 || ports.configured().list().some(isAdmin)) return;
  throw new AegisError("conflict", "this is the last administrator's key; make another one first");
}

function listKeys(
  ports: ApiKeysPorts,
  by: Principal,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): KeyPage {
  const tenant = visibleTenantOf(by);
  const rows = ports.store.list({
    ...(tenant === undefined ? {} : { tenant }),
    ...(cursor === undefined ? {} : { after: parseCursor(cursor) }),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const fromConfig = cursor === undefined ? configuredViews(ports, tenant) : [];
  const keys = [...fromConfig, ...page.map(toView)];
  const hasMore = rows.length > page.length && last !== undefined;
  return hasMore ? { keys, nextCursor: `${last.createdAtMs}_${last.id}` } : { keys };
}

function configuredViews(ports: ApiKeysPorts, tenant: string | undefined): readonly ApiKeyView[] {
  return ports
    .configured()
    .list()
    .filter((key) => tenant === undefined || key.tenant === tenant)
    .map((key) => ({ ...key, source: "config" }));
}

function parseCursor(cursor: string): { readonly createdAtMs: number; readonly id: string } {
  const [, ms, id] = /^(\d{1,16})_(.+)$/.exec(cursor) ?? [];
  if (ms === undefined || id === undefined) {
    throw new AegisError("invalid-input", "cursor is not one of ours; start again without it");
  }
  return { createdAtMs: Number(ms), id };
}

function toView(row: ApiKeyRow): ApiKeyView {
  const { id, name, role, tenant, createdAtMs, expiresAtMs, revokedAtMs } = row;
  return {
    id,
    name,
    role,
    tenant,
    source: "store",
    created_at: isoOf(createdAtMs),
    ...(expiresAtMs === undefined ? {} : { expires_at: isoOf(expiresAtMs) }),
    ...(revokedAtMs === undefined ? {} : { revoked_at: isoOf(revokedAtMs) }),
  };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function unknownKey(id: string): AegisError {
  return new AegisError("not-found", `key \`${id.slice(0, 100)}\` not found or revoked`);
}
