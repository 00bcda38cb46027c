/**
 * What an attacker, a second process or a dying disk may do to a log, each with what must come of it. Run as tests,
 * and against deliberately broken variants of the log, which they must catch.
 */
import { AegisError } from "@aegisflow/core";
import { parseCheckpoint, parseNote, toHex } from "@aegisflow/evidence";
import type { EvidenceLimits } from "../evidence-limits.ts";
import type { EvidenceLog } from "../evidence-log.ts";
import { keyFilePath } from "../key-files.ts";
import { openMemoryEvidence } from "../memory-evidence.ts";
import { createMemorySessionIndex } from "../memory-session-index.ts";
import { beginFrame, decodeFrame, endFrame, segmentPath } from "../segment-format.ts";
import type { SessionIndex } from "../session-index.ts";
import { seededRandom } from "./seeded-random.ts";
import { createSimulatedFileSystem, type FaultPlan, type SimulatedFileSystem } from "./simulated-file-system.ts";
import { simulatedSources } from "./simulated-sources.ts";
import { readStoredLog, readStoredValues } from "./stored-log.ts";

export interface Scenario {
  /** Present-tense sentence about the log. */
  readonly name: string;
  /** @throws when the log does not do what the name says */
  readonly run: () => Promise<void>;
}

const TENANT = "t";
const SID = "s1";

interface Stage {
  disk: SimulatedFileSystem;
  readonly fatal: AegisError[];
  open(index?: SessionIndex, limits?: Partial<EvidenceLimits>): Promise<EvidenceLog>;
}

function stage(plan: FaultPlan = {}): Stage {
  const random = seededRandom(7);
  let opened = 0;
  const made: Stage = {
    disk: createSimulatedFileSystem(random, plan),
    fatal: [],
    open: (index = createMemorySessionIndex(), limits = {}) => {
      const { clock, ids, random: bytes } = simulatedSources(random, opened++ * 1000);
      const onFatal = (error: AegisError): void => void made.fatal.push(error);
      return openMemoryEvidence({ clock, ids, random: bytes, files: made.disk, index, limits, onFatal });
    },
  };
  return made;
}

async function decide(log: EvidenceLog, sid = SID, args = "secret-value"): Promise<string> {
  const draft = {
    tenant: TENANT,
    sid,
    kind: "decision",
    p: { effect: "block" },
    disclosures: { args, who: "alice" },
  } as const;
  return (await log.append(draft)).leaf;
}

function expectThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** The exit code of the refusal to open. */
async function refusal(opening: Promise<EvidenceLog>): Promise<number> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof Error && "exitCode" in error) return Number(error.exitCode);
    throw error;
  }
  throw new Error("the log opens");
}

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof AegisError ? error.code : String(error);
  }
  return "none";
}

/** Frames of a segment as [offset, length] pairs. */
function framesAt(bytes: Buffer): readonly (readonly [number, number])[] {
  const places: (readonly [number, number])[] = [];
  for (let at = 64, frame = decodeFrame(bytes, at); frame !== undefined; frame = decodeFrame(bytes, at)) {
    places.push([at, frame.length]);
    at += frame.length;
  }
  return places;
}

const damageInTheMiddle: Scenario = {
  name: "refuses with 78 when an acknowledged frame before others is damaged",
  run: async () => {
    const world = stage();
    const log = await world.open();
    for (let i = 0; i < 4; i++) await decide(log);
    const bytes = Buffer.from(world.disk.peek(segmentPath(1)));
    const [at = 0] = framesAt(bytes)[2] ?? [];
    bytes[at + 40] = (bytes[at + 40] ?? 0) ^ 1;
    world.disk.poke(segmentPath(1), bytes);
    expectThat((await refusal(world.open())) === 78, "another exit code");
  },
};

const tornTail: Scenario = {
  name: "repairs a torn last frame and keeps a copy of it",
  run: async () => {
    const world = stage();
    const log = await world.open();
    await decide(log);
    const whole = world.disk.peek(segmentPath(1));
    world.disk.poke(segmentPath(1), Buffer.concat([whole, Buffer.from("a torn frame")]));
    const again = await world.open();
    expectThat(again.status().recovered?.tornBytes === 12, "the torn bytes are not reported");
    expectThat(
      world.disk.paths().some((path) => path.includes(".torn-")),
      "no copy is kept",
    );
    expectThat((await again.verifySession({ tenant: TENANT, sid: SID })).valid, "the session does not verify");
  },
};

const splicedRecord: Scenario = {
  name: "refuses a record whose link to its predecessor was changed, checksum and all",
  run: async () => {
    const world = stage();
    const log = await world.open();
    await decide(log);
    await decide(log);
    const bytes = Buffer.from(world.disk.peek(segmentPath(1)));
    const [at = 0, length = 0] = framesAt(bytes).at(-1) ?? [];
    const frame = bytes.subarray(at, at + length);
    const link = frame.indexOf('"prev":"') + '"prev":"'.length;
    frame.write("0".repeat(63), link + 1, "latin1");
    rewrite(frame);
    world.disk.poke(segmentPath(1), bytes);
    expectThat((await refusal(world.open())) === 78, "another exit code");
  },
};

/** Makes the checksum of an edited frame right again. */
function rewrite(frame: Buffer): void {
  const { index, batch, flags } = {
    index: Number(frame.readBigUInt64LE(8)),
    batch: Number(frame.readBigUInt64LE(16)),
    flags: frame[25] ?? 0,
  };
  beginFrame(frame, { index, batch, flags, type: 1 });
  endFrame(frame);
}

const rewrittenRecord: Scenario = {
  name: "refuses a last record that was rewritten after it was signed",
  run: async () => {
    const world = stage();
    const log = await world.open();
    await decide(log);
    await log.checkpoint();
    const bytes = Buffer.from(world.disk.peek(segmentPath(1)));
    const [at = 0, length = 0] = framesAt(bytes).at(-1) ?? [];
    const frame = bytes.subarray(at, at + length);
    frame.write('"effect":"allow"', frame.indexOf('"effect":"block"'), "latin1");
    rewrite(frame);
    world.disk.poke(segmentPath(1), bytes);
    expectThat((await refusal(world.open())) === 79, "another exit code");
  },
};

const truncatedLog: Scenario = {
  name: "refuses with 79 when records behind a checkpoint are cut off",
  run: async () => {
    const world = stage();
    const log = await world.open();
    for (let i = 0; i < 3; i++) await decide(log);
    await log.checkpoint();
    const bytes = Buffer.from(world.disk.peek(segmentPath(1)));
    const [at = 0] = framesAt(bytes).at(-1) ?? [];
    world.disk.poke(segmentPath(1), bytes.subarray(0, at));
    expectThat((await refusal(world.open())) === 79, "another exit code");
  },
};

const missingSegment: Scenario = {
  name: "refuses with 78 when a segment between others is gone",
  run: async () => {
    const world = stage();
    const log = await world.open(undefined, { segmentBytes: 2000 });
    for (let i = 0; i < 8; i++) await decide(log);
    expectThat(log.status().segments >= 3, "too few segments");
    world.disk.poke(segmentPath(2), undefined);
    expectThat((await refusal(world.open())) === 78, "another exit code");
  },
};

const olderLock: Scenario = {
  name: "refuses with 79 when the lock file is older than the checkpoint",
  run: async () => {
    const world = stage();
    const log = await world.open();
    await decide(log);
    await log.checkpoint();
    const before = world.disk.peek("lock").slice();
    await decide(log);
    await log.checkpoint();
    world.disk.poke("lock", before);
    expectThat((await refusal(world.open())) === 79, "another exit code");
  },
};

const missingLock: Scenario = {
  name: "refuses with 79 when the lock file of a log with records is gone",
  run: async () => {
    const world = stage();
    await decide(await world.open());
    world.disk.poke("lock", undefined);
    // The keys exist, so it is no new log either.
    expectThat((await refusal(world.open())) === 79, "another exit code");
  },
};

const twoWriters: Scenario = {
  name: "never signs two roots for one size, even when two processes write",
  run: async () => {
    const world = stage();
    const first = await world.open();
    await decide(first);
    await first.checkpoint();
    // A copy of the files as a second process would open them, the lock file shared.
    const second = await world.open();
    const late = decide(first, "s2").then(() => first.checkpoint());
    const newer = await decide(second, "s3").then(() => second.checkpoint());
    const [code, noteSize] = [await failure(late), sizeAndRoot(newer)];
    expectThat(code === "unavailable", `the fenced writer still signs (${code}; the other signed ${noteSize})`);
  },
};

function sizeAndRoot(note: string): string {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  return `${size} ${toHex(root)}`;
}

const failedSync: Scenario = {
  name: "rejects everything waiting and everything later after a failed sync, and says so once",
  run: async () => {
    const world = stage();
    const log = await world.open();
    await decide(log);
    const operations = world.disk.operations();
    const failing = stage({ failAtOperation: operations + 2 });
    const other = await failing.open();
    await decide(other);
    expectThat(failing.disk.operations() <= operations + 2, "the scenario has lost its place");
    const codes = await Promise.all([decide(other), decide(other, "s2")].map(failure));
    expectThat(codes.join() === "unavailable,unavailable", `waiting appends end with ${codes.join()}`);
    expectThat((await failure(decide(other))) === "unavailable", "a later append is taken");
    expectThat(failing.fatal.length === 1, `onFatal is called ${failing.fatal.length} times`);
  },
};

const fullQueue: Scenario = {
  name: "refuses records beyond the queue's limit and takes them again later",
  run: async () => {
    const log = await stage().open(undefined, { queueRecordsMax: 8 });
    const codes = await Promise.all(Array.from({ length: 12 }, () => failure(decide(log))));
    expectThat(codes.filter((code) => code === "none").length === 7, `${codes.join()}`);
    expectThat(codes.at(-1) === "limit-exceeded", "the last is not refused");
    expectThat((await failure(decide(log))) === "none", "nothing is taken any more");
  },
};

const erasedForGood: Scenario = {
  name: "leaves nothing on the disk that opens an erased value, and everything else readable",
  run: async () => {
    const world = stage();
    const log = await world.open();
    const leaf = await decide(log);
    await decide(log);
    const keysBefore = world.disk.peek(keyFilePath(1)).slice();
    const request = { tenant: TENANT, sid: SID, leaf, basis: "gdpr-17", requesterRef: "a", authorityRef: "b" };
    await log.redact({ ...request, fields: ["args"] });
    expectThat(Buffer.compare(keysBefore, world.disk.peek(keyFilePath(1))) !== 0, "the key file is as it was");
    const opened = readAll(world.disk);
    expectThat(
      opened.filter((value) => value === "secret-value").length === 1,
      "the erased value opens, or another does not",
    );
    expectThat(opened.filter((value) => value === "alice").length === 2, "another value is gone");
    expectThat((await log.verifySession(request)).valid, "the session does not verify");
  },
};

/** Every value that the keys on the disk still open. */
function readAll(disk: SimulatedFileSystem): readonly unknown[] {
  return [...readStoredValues(disk).values()].flatMap(Object.values);
}

const secondPerson: Scenario = {
  name: "erases nothing without a second person",
  run: async () => {
    const log = await stage().open();
    const leaf = await decide(log);
    const request = { tenant: TENANT, sid: SID, leaf, fields: "all", basis: "gdpr-17", requesterRef: "a" } as const;
    expectThat((await failure(log.redact({ ...request, authorityRef: "a" }))) === "forbidden", "one person is enough");
  },
};

const interruptedErasure: Scenario = {
  name: "erases and records the erasure together, whichever operation a crash interrupts",
  run: async () => {
    const whole = await eraseUntil(Number.POSITIVE_INFINITY, "process-death");
    for (let crashAt = whole.from + 1; crashAt <= whole.to + 1; crashAt++) {
      for (const death of ["power-cut", "process-death"] as const) await eraseUntil(crashAt, death);
    }
  },
};

/** @returns the operations that the erasure took, as counted by the disk */
async function eraseUntil(
  crashAt: number,
  death: "power-cut" | "process-death",
): Promise<{ from: number; to: number }> {
  const world = stage();
  const leaf = await decide(await world.open());
  world.disk = world.disk.afterProcessDeath({ crashAtOperation: crashAt });
  const log = await world.open();
  const from = world.disk.operations();
  const request = { tenant: TENANT, sid: SID, leaf, basis: "gdpr-17", requesterRef: "a", authorityRef: "b" };
  const code = await failure(log.redact({ ...request, fields: "all" }));
  const to = world.disk.operations();
  world.disk = death === "power-cut" ? world.disk.afterPowerCut({}) : world.disk.afterProcessDeath({});
  await world.open();
  const redacted = readStoredLog(world.disk).some(({ header }) => header.kind === "redaction");
  const readable = readAll(world.disk).includes("secret-value");
  expectThat(redacted !== readable, `redacted ${redacted}, readable ${readable} after a crash at ${crashAt}`);
  expectThat(code !== "none" || redacted, `an erasure that was confirmed is gone after a crash at ${crashAt}`);
  return { from, to };
}

const canaries: Scenario = {
  name: "keeps disclosed values out of headers, tiles, checkpoints and every other file",
  run: async () => {
    const world = stage();
    const log = await world.open();
    const canary = "canary-4711@example.com";
    for (let i = 0; i < 300; i++) await decide(log, SID, canary);
    await log.exportSession({ tenant: TENANT, sid: SID });
    await log.close();
    const leaks = world.disk.paths().filter((path) => Buffer.from(world.disk.peek(path)).includes(canary));
    expectThat(
      world.disk.paths().some((path) => path.startsWith("tile/0/")),
      "there are no tiles",
    );
    expectThat(leaks.length === 0, `found in ${leaks.join(", ")}`);
  },
};

const damagedBody: Scenario = {
  name: "finds a stored value that was exchanged, when the session is verified",
  run: async () => {
    const world = stage();
    const log = await world.open();
    await decide(log);
    const bytes = Buffer.from(world.disk.peek(segmentPath(1)));
    const [at = 0, length = 0] = framesAt(bytes).at(-1) ?? [];
    const frame = bytes.subarray(at, at + length);
    frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 1;
    rewrite(frame);
    world.disk.poke(segmentPath(1), bytes);
    const { valid, message } = await log.verifySession({ tenant: TENANT, sid: SID });
    expectThat(!valid && message.includes("damaged"), message);
    expectThat(log.session({ tenant: TENANT, sid: SID })?.chain_valid === false, "the list still calls it valid");
  },
};

export const SCENARIOS: readonly Scenario[] = [
  damageInTheMiddle,
  tornTail,
  splicedRecord,
  rewrittenRecord,
  truncatedLog,
  missingSegment,
  olderLock,
  missingLock,
  twoWriters,
  failedSync,
  fullQueue,
  erasedForGood,
  secondPerson,
  interruptedErasure,
  canaries,
  damagedBody,
];
