/** Exporting, verifying, erasing and taking heads, on top of the running core; one such operation at a time. */
import { AegisError } from "@aegisflow/core";
import { createNoteSigner, formatVerifierKey } from "@aegisflow/evidence";
import { nodeCrypto } from "@aegisflow/evidence/node-crypto";
import type { FileSystem } from "./file-system.ts";
import { type HeadsSnapshot, takeHeads } from "./heads-snapshot.ts";
import type { KeySet } from "./key-tree.ts";
import type { WrittenRecord } from "./log-core.ts";
import { LOG_CHAIN, systemRecord } from "./log-opening.ts";
import type { FramePosition } from "./record-payload.ts";
import { dropIntention, type Erasure, keepIntention, planErasure, type RedactRequest } from "./session-erasure.ts";
import { buildSessionBundle } from "./session-export.ts";
import { createRecordReader, readBackwards, type StoredRecord } from "./session-reader.ts";
import type { SessionRef, SessionState } from "./session-state.ts";
import { type SessionVerification, verifyStoredSession } from "./session-verification.ts";
import type { OpenedLog } from "./start-evidence-log.ts";

export interface LogOperations {
  exportSession(ref: SessionRef): Promise<string>;
  verifySession(ref: SessionRef): Promise<SessionVerification>;
  redact(request: RedactRequest): Promise<WrittenRecord>;
  finishErasure(erasure: Erasure): Promise<WrittenRecord>;
  recordHeads(): Promise<void>;
  /** Sessions have moved since the last heads. */
  moved(): boolean;
  /** The session as far as it is durable. */
  durable(ref: SessionRef): SessionState | undefined;
  trustPolicy(): string;
}

export function createLogOperations(opened: OpenedLog): LogOperations {
  const { core, index, recovered } = opened;
  const inTurn = createTurnstile();
  // What was there at an orderly close had its heads taken then.
  let headsSize = recovered.unclean === undefined ? recovered.end.size : 0;

  const heads = async (wanted: SessionRef | undefined): Promise<HeadsSnapshot & { readonly record: WrittenRecord }> => {
    headsSize = core.queue.durableEnd.size + core.queue.depth + 1;
    const { pause } = opened.parts.turns;
    const snapshot = await core.holdIndex(() => takeHeads({ live: core.sessions.all(), index, pause }, wanted));
    return { ...snapshot, record: await core.append(systemRecord("heads", {}, snapshot.payload)) };
  };
  const durable = (ref: SessionRef): SessionState | undefined => {
    const state = core.sessions.peek(ref)?.state ?? index.load(ref);
    return state === undefined || state.seq < 0 ? undefined : state;
  };
  const existing = (ref: SessionRef): SessionState =>
    durable(ref) ?? fail("not-found", `session \`${ref.sid}\` not found`);
  const finishErasure = (erasure: Erasure): Promise<WrittenRecord> => eraseForGood(opened, erasure);

  return {
    exportSession: (ref) =>
      inTurn(async () => {
        const { seq } = existing(ref);
        await core.append(
          systemRecord("export", {}, { session: ref.sid, session_tenant: ref.tenant, to_seq: String(seq) }),
        );
        const { path, record } = await heads(ref);
        await core.signCheckpoint();
        const { checkpoint } = core;
        if (checkpoint === undefined || path === undefined)
          throw new AegisError("internal", "the export has no checkpoint");
        return buildSessionBundle(exportSources(opened), {
          checkpoint,
          path,
          headsAt: record.at,
          last: existing(ref).last,
          suggestedPolicy: trustPolicyOf(opened),
        });
      }),
    verifySession: (ref) => inTurn(() => verifyAndMark(opened, { ...existing(ref) })),
    redact: (request) =>
      inTurn(() => {
        const { state, last } = existing(request);
        const chain = state === "closed" ? LOG_CHAIN : { tenant: request.tenant, sid: request.sid };
        const erasure = planErasure(request, findRecord(opened, last, request.leaf), chain);
        keepIntention(opened.parts.files, erasure);
        return finishErasure(erasure);
      }),
    finishErasure,
    recordHeads: () => inTurn(async () => void (await heads(undefined))),
    moved: () => core.queue.durableEnd.size > headsSize,
    durable,
    trustPolicy: () => trustPolicyOf(opened),
  };
}

function fail(code: "not-found" | "corrupt", message: string): never {
  throw new AegisError(code, message);
}

/** Runs one piece of work after the other, whatever the ones before came to. */
function createTurnstile(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

function exportSources({ parts, index, keys }: OpenedLog): Parameters<typeof buildSessionBundle>[0] {
  const keysOf = (ref: SessionRef, keyId: number): KeySet | undefined => {
    try {
      return keys.load(ref, keyId);
    } catch {
      // Without its keys a value is withheld: the header still proves everything else.
      return undefined;
    }
  };
  return { files: parts.files, keysOf, landmarks: (name) => index.landmarks(name), pause: parts.turns.pause };
}

async function verifyAndMark(opened: OpenedLog, session: SessionState): Promise<SessionVerification> {
  const { parts, core, index, context } = opened;
  const { keysOf } = exportSources(opened);
  const result = await verifyStoredSession(
    {
      files: parts.files,
      origin: context.origin,
      checkpoint: core.checkpoint,
      keys: session.keyId === 0 ? undefined : keysOf(session, session.keyId),
      pause: parts.turns.pause,
    },
    session,
  );
  const live = core.sessions.peek(session);
  if (live !== undefined) live.state.chainValid = result.valid;
  index.markChain(session, result.valid);
  return result;
}

function findRecord({ parts }: OpenedLog, last: SessionState["last"], leaf: string): StoredRecord {
  const reader = createRecordReader(parts.files);
  try {
    for (const record of readBackwards(reader, last)) {
      if ("fault" in record) return fail("corrupt", `the session cannot be read: ${record.fault}`);
      if (record.leaf === leaf) return record;
    }
    return fail("not-found", `the session has no record \`${leaf}\``);
  } finally {
    reader.close();
  }
}

/** First on record, then gone. Nothing is written while the key file is replaced: new keys go to the same file. */
async function eraseForGood({ core, keys, parts }: OpenedLog, { erased, record }: Erasure): Promise<WrittenRecord> {
  const written = await core.append(record);
  await core.queue.pause(async () => {
    const { shard, bytes } = keys.without(erased, readBody(parts.files, erased.at));
    await core.replaceKeys(shard, bytes);
  });
  const live = core.sessions.peek(erased);
  if (live !== undefined) live.cursor = undefined;
  dropIntention(parts.files);
  return written;
}

/** The stored body of a record; empty when it cannot be read, for then there is nothing to keep of it. */
function readBody(files: FileSystem, at: FramePosition): Uint8Array {
  const reader = createRecordReader(files);
  try {
    const record = reader.read(at);
    return "fault" in record ? new Uint8Array(0) : record.payload.body;
  } finally {
    reader.close();
  }
}

function trustPolicyOf({ context, signer }: OpenedLog): string {
  return `log ${formatVerifierKey(createNoteSigner(nodeCrypto, context.origin, signer).key)}\nquorum none\n`;
}
