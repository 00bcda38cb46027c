/**
 * What everything else stands on: the data folder with its secrets, the embedded database, the evidence log, clock,
 * ids and log. Opened first, closed last.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AegisConfig } from "@aegisflow/core/config/config-schema";
import { parseDurationMs } from "@aegisflow/core/units";
import { createPseudonyms, type PseudonymOf } from "../approvals/approvals.ts";
import type { AnchorStore } from "../evidence-log/anchor-store.ts";
import {
  assertNotSetBack,
  type EvidenceLog,
  followCheckpoints,
  openEvidenceLog,
  saveAnchor,
} from "../evidence-log/evidence-log.ts";
import type { Clock, Ids, Random } from "../governance/ports.ts";
import {
  createKeyHash,
  type HashKey,
  openDataFolder,
  openSecretFile,
  PEPPER_BYTES,
  writeSecretFile,
} from "../identity/identity.ts";
import { createLog, type Log } from "../observability/log.ts";
import { loadRuntime, type Runtime, type SqliteDatabase } from "../runtime/runtime.ts";
import { createSystemClock, createUuidIds, systemRandom } from "../runtime/sources.ts";
import { createEmbeddedAnchorStore } from "../storage/embedded/anchor-store.ts";
import { openDatabase } from "../storage/embedded/database.ts";

const SECRET_BYTES = 32;
const LOG_NAME_FILE = "log-name";

export interface Foundation {
  readonly home: string;
  readonly runtime: Runtime;
  readonly sources: { readonly clock: Clock; readonly ids: Ids; readonly random: Random };
  readonly log: Log;
  readonly database: SqliteDatabase;
  readonly evidence: EvidenceLog;
  readonly anchor: { close(): Promise<void> };
  readonly secrets: Secrets;
}

export interface Secrets {
  readonly hashKey: HashKey;
  readonly pseudonymOf: PseudonymOf;
  /** Seals what MCP clients carry for us. */
  readonly tokenSecret: Uint8Array;
}

export async function openFoundation(
  home: string,
  config: AegisConfig,
  onFatal: (error: Error) => void,
): Promise<Foundation> {
  const runtime = await loadRuntime();
  const clock = createSystemClock();
  const sources = { clock, ids: createUuidIds(clock, systemRandom), random: systemRandom };
  const log = createLog(
    config.logging,
    (line) => process.stderr.write(line),
    () => clock.nowIso(),
  );
  openDataFolder(home);
  const database = openDatabase(runtime, home);
  try {
    const evidence = await openEvidence(home, config, runtime, sources, onFatal);
    const anchor = await anchorEvidence(evidence, createEmbeddedAnchorStore(database), clock);
    return { home, runtime, sources, log, database, evidence, anchor, secrets: openSecrets(home) };
  } catch (error) {
    database.close();
    throw error;
  }
}

export async function closeFoundation({ evidence, anchor, database }: Foundation): Promise<void> {
  await evidence.close();
  await anchor.close();
  database.close();
}

/** The log must continue what was signed before; from now on what it signs is remembered outside its folder. */
async function anchorEvidence(evidence: EvidenceLog, store: AnchorStore, clock: Clock): Promise<Foundation["anchor"]> {
  try {
    await assertNotSetBack(evidence, store);
  } catch (error) {
    await evidence.close();
    throw error;
  }
  const stop = new AbortController();
  const following = followCheckpoints(evidence, store, clock, stop.signal);
  return {
    async close() {
      stop.abort();
      await following;
      saveAnchor(evidence, store);
    },
  };
}

function openEvidence(
  home: string,
  config: AegisConfig,
  runtime: Runtime,
  sources: Foundation["sources"],
  onFatal: (error: Error) => void,
): Promise<EvidenceLog> {
  const { log_name, checkpoint_interval, heads_interval } = config.evidence;
  return openEvidenceLog({
    folder: evidenceFolder(home),
    logName: log_name ?? madeUpLogName(home, sources.ids),
    ...sources,
    openSqlite: (path) => runtime.openSqlite(path),
    onFatal,
    limits: {
      checkpointIntervalMs: parseDurationMs(checkpoint_interval),
      headsIntervalMs: parseDurationMs(heads_interval),
    },
  });
}

/** Unique and lasting without anybody having to think of one: made at the first start and kept beside the log. */
function madeUpLogName(home: string, ids: Ids): string {
  const path = join(home, LOG_NAME_FILE);
  if (!existsSync(path)) writeSecretFile(path, `aegisflow.local/${ids.next()}\n`);
  return readFileSync(path, "utf8").trim();
}

export function evidenceFolder(home: string): string {
  return join(home, "evidence");
}

function openSecrets(home: string): Secrets {
  const open = (name: string, bytes: number): Uint8Array =>
    openSecretFile(join(home, name), bytes, () => systemRandom.bytes(bytes));
  return {
    hashKey: createKeyHash(open("key-pepper.bin", PEPPER_BYTES)),
    pseudonymOf: createPseudonyms(open("pseudonym-key.bin", SECRET_BYTES)),
    tokenSecret: open("token-key.bin", SECRET_BYTES),
  };
}
