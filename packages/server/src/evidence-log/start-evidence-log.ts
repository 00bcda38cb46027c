/**
 * Opens a log over any file system, index and writer: keys, recovery, the running core, and the records that a
 * crash calls for. `openEvidenceLog` chooses the real parts; simulations and the in-memory log choose theirs.
 */
import { type AegisError, assertThat } from "@aegisflow/core";
import { createNoteSigner, type Ed25519Signer } from "@aegisflow/evidence";
import { createEd25519Signer, nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { Clock, Ids, Random } from "../governance/ports.ts";
import { checkReserve, type DiskState, diskFull, restoreBallast } from "./disk-reserve.ts";
import type { EvidenceLimits } from "./evidence-limits.ts";
import type { EvidenceLog } from "./evidence-log.ts";
import type { FileSystem } from "./file-system.ts";
import { KEK_PATH, KEYS_FOLDER, LOG_SEED_PATH, loadOrCreateSecret } from "./key-files.ts";
import { lockExists } from "./lock-store.ts";
import { LogCore } from "./log-core.ts";
import { createLogFace } from "./log-face.ts";
import { recordOpening } from "./log-opening.ts";
import { type LogOrigin, loadOrCreateOrigin, originText } from "./log-origin.ts";
import type { StartWriter } from "./log-writer.ts";
import { createRandomPool } from "./random-pool.ts";
import type { RecordContext } from "./record-builder.ts";
import { type RecoveredLog, recoverLog } from "./recovery.ts";
import { corrupt } from "./refusal.ts";
import { signCheckpoint } from "./segment-writer.ts";
import type { SessionIndex } from "./session-index.ts";
import { SessionKeys } from "./session-keys.ts";
import { createRecordReader } from "./session-reader.ts";
import type { SessionRef, SessionState } from "./session-state.ts";

export interface LogParts {
  readonly files: FileSystem;
  readonly openIndex: () => SessionIndex;
  /** @param signer for a writer in this thread; one in another thread reads the seed itself */
  readonly startWriter: (signer: Ed25519Signer) => StartWriter;
  readonly sources: { readonly clock: Clock; readonly ids: Ids; readonly random: Random };
  readonly turns: {
    /** Runs the work after what else is ready now. */
    readonly defer: (work: () => void) => void;
    /** Lets other work run. */
    readonly pause: () => Promise<void>;
  };
  readonly settings: {
    readonly logName: string;
    readonly limits: EvidenceLimits;
    readonly onFatal: (error: AegisError) => void;
  };
}

/** Everything that one opening made. */
export interface OpenedLog {
  readonly parts: LogParts;
  readonly origin: LogOrigin;
  readonly context: RecordContext;
  readonly index: SessionIndex;
  readonly keys: SessionKeys;
  readonly signer: Ed25519Signer;
  readonly core: LogCore;
  readonly recovered: RecoveredLog;
}

export async function startEvidenceLog(parts: LogParts): Promise<EvidenceLog> {
  const { files, settings } = parts;
  const disk = checkReserve(files, settings.limits);
  const index = parts.openIndex();
  try {
    return await startWith(parts, index, disk);
  } catch (error) {
    index.close();
    throw error;
  }
}

async function startWith(parts: LogParts, index: SessionIndex, disk: DiskState): Promise<EvidenceLog> {
  const { files, settings, turns } = parts;
  let grown = (): void => {};
  const opened = openParts(parts, index, () => grown());
  const face = createLogFace(opened);
  const unknownOutcomes = await recordOpening(opened, face);
  if (disk === "only-last-words") {
    await face.log.close();
    throw diskFull(settings.limits);
  }
  grown = face.startSchedule(unknownOutcomes);
  const { randomBytes } = opened.context;
  const ballast = restoreBallast(files, settings.limits, { randomBytes, pause: turns.pause });
  // A disk that has no room for the ballast will say so at the next start; nothing else waits for it but the end.
  const settled = ballast.catch(() => undefined);
  return { ...face.log, close: () => settled.then(() => face.log.close()) };
}

function openParts(parts: LogParts, index: SessionIndex, onGrown: () => void): OpenedLog {
  const { files, sources, settings } = parts;
  const randomBytes = createRandomPool(sources.random);
  const { origin, seed, kek } = prepareFolder(files, settings.logName, randomBytes);
  const signer = createEd25519Signer(seed);
  const noteSigner = createNoteSigner(nodeCrypto, originText(origin), signer);
  const recovered = recoverLog(files, index, originText(origin), (state) =>
    signCheckpoint(noteSigner, originText(origin), state),
  );
  const keys = new SessionKeys({ files, kek, nextKeyId: recovered.nextKeyId, randomBytes });
  const { clock, ids } = sources;
  const { epoch } = recovered.signed;
  const context: RecordContext = { origin: originText(origin), boot: ids.next(), epoch, clock, randomBytes };
  const core = new LogCore(recovered, {
    context,
    limits: settings.limits,
    index,
    keys,
    startWriter: parts.startWriter(signer),
    loadSession: (ref) => loadChecked(files, index, ref),
    defer: parts.turns.defer,
    onFatal: settings.onFatal,
    onGrown,
  });
  return { parts, origin, context, index, keys, signer, core, recovered };
}

/** Folders, name and keys exist, durably, before the lock file does: its presence means that they must be there. */
function prepareFolder(
  files: FileSystem,
  logName: string,
  randomBytes: (count: number) => Uint8Array,
): { readonly origin: LogOrigin; readonly seed: Uint8Array; readonly kek: Uint8Array } {
  const isNew = !lockExists(files);
  for (const folder of ["segments", "tile", KEYS_FOLDER]) files.makeFolder(folder);
  // What a process that died had renamed is visible, but durable only from here on.
  for (const folder of ["", KEYS_FOLDER]) files.syncFolder(folder);
  const seed = loadOrCreateSecret(files, LOG_SEED_PATH, randomBytes, isNew);
  const kek = loadOrCreateSecret(files, KEK_PATH, randomBytes, isNew);
  return { origin: loadOrCreateOrigin(files, logName), seed, kek };
}

/** A session from the index, if the stored record at its end is the one the index says. */
function loadChecked(files: FileSystem, index: SessionIndex, ref: SessionRef): SessionState | undefined {
  const state = index.load(ref);
  if (state === undefined) return undefined;
  const reader = createRecordReader(files);
  try {
    const record = reader.read(state.last);
    assertThat(state.seq >= 0, "an indexed session has records");
    if ("fault" in record || record.leaf !== state.leaf) {
      throw corrupt(`the last record of session \`${ref.sid}\` is not the one in the index`);
    }
    return state;
  } finally {
    reader.close();
  }
}
