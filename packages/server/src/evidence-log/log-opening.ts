/**
 * The log's own first records of a run: what it was before (a new origin after an accepted loss), what a crash left,
 * an outcome for every action that was interrupted, and the end of an erasure that was.
 */
import type { LogFace } from "./log-face.ts";
import type { RecordDraft } from "./record-builder.ts";
import { readIntention } from "./session-erasure.ts";
import { type SessionRef, type SessionState, sessionKey } from "./session-state.ts";
import type { OpenedLog } from "./start-evidence-log.ts";

/** Chain of the log's own records. */
export const LOG_CHAIN: SessionRef = { tenant: "system", sid: "log" };

/** @returns how many decisions were closed as `unknown` */
export async function recordOpening(opened: OpenedLog, face: LogFace): Promise<number> {
  const { core, recovered, origin } = opened;
  const { previous } = origin;
  if (previous !== undefined && recovered.end.size === 0) {
    await core.append(
      systemRecord(
        "session.open",
        {},
        { previous: previous.origin, previous_root: previous.root, previous_size: previous.size },
      ),
    );
  }
  const unfinished = openSessions(opened);
  if (recovered.unclean !== undefined && recovered.end.size > 0) await core.append(recoveryRecord(opened));
  const outcomes = unfinished.flatMap(unknownOutcomes);
  await Promise.all(outcomes.map((outcome) => core.append(outcome)));
  const erasure = readIntention(opened.parts.files);
  if (erasure !== undefined) await face.finishErasure(erasure);
  if (core.unsigned > 0) await core.signCheckpoint();
  return outcomes.length;
}

export function systemRecord(
  kind: string,
  ref: Readonly<Record<string, string>>,
  p: Readonly<Record<string, string>>,
): RecordDraft {
  return { ...LOG_CHAIN, kind, p, ref, disclosures: {} };
}

function recoveryRecord({ recovered, context }: OpenedLog): RecordDraft {
  const { unclean, end } = recovered;
  return systemRecord(
    "recovery",
    {},
    {
      boot: context.boot,
      first_unindexed: String(unclean?.firstUnindexed ?? end.size),
      last_index: String(end.size - 1),
      torn_bytes: String(unclean?.tornBytes ?? 0),
    },
  );
}

function openSessions({ index, recovered }: OpenedLog): readonly SessionState[] {
  const changed = new Map(recovered.changed.map((state) => [sessionKey(state), state]));
  const indexed = index.withOpenDecisions().filter((state) => !changed.has(sessionKey(state)));
  return [...indexed, ...recovered.changed.filter(({ open }) => open.size > 0)];
}

/** The process that ran these actions is gone: nobody can say any more what came of them. */
function unknownOutcomes({ tenant, sid, open }: SessionState): readonly RecordDraft[] {
  return [...open].map((decision) => ({
    tenant,
    sid,
    kind: "outcome",
    p: { status: "unknown", why: "restart" },
    ref: { decision },
    disclosures: {},
  }));
}
