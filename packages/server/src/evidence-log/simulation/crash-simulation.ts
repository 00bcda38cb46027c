/**
 * Lives of one log on a disk that fails: open, write, die, again and again. After every opening the stored files are
 * read by an independent reader and held to what the world was promised: whatever was acknowledged is there, every
 * chain is whole, every signed checkpoint is a prefix, every interrupted action has an outcome.
 */
import { parseCheckpoint, parseNote, toHex } from "@aegisflow/evidence";
import type { EvidenceLimits } from "../evidence-limits.ts";
import type { EvidenceLog } from "../evidence-log.ts";
import { openMemoryEvidence } from "../memory-evidence.ts";
import { createMemorySessionIndex, EMPTY_INDEX, type SavedIndex } from "../memory-session-index.ts";
import type { SessionIndex } from "../session-index.ts";
import { type SeededRandom, seededRandom } from "./seeded-random.ts";
import { createSimulatedFileSystem, type FaultPlan, type SimulatedFileSystem } from "./simulated-file-system.ts";
import { simulatedSources } from "./simulated-sources.ts";
import { type OracleRecord, readStoredLog, readStoredValues, rootOfFirst } from "./stored-log.ts";

/** The log broke a promise. The seed and the life replay it. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

export interface WorldReport {
  readonly lives: number;
  /** Lives that ended by a crash or an error of the disk. */
  readonly crashes: number;
  readonly acknowledged: number;
  readonly torn: number;
}

interface Acknowledged {
  readonly leaf: string;
  readonly seq: number;
  readonly sid: string;
}

interface World {
  readonly random: SeededRandom;
  disk: SimulatedFileSystem;
  /** What the index may still have after the next crash: any of its last saves. */
  saves: SavedIndex[];
  readonly acknowledged: Acknowledged[];
  readonly signed: Map<number, string>;
  /** Leaf hashes of records with values, and of those whose values were erased or may have been. */
  readonly disclosed: Set<string>;
  readonly erased: Set<string>;
  life: number;
  crashes: number;
  torn: number;
}

const SMALL: Partial<EvidenceLimits> = {
  segmentBytes: 6000,
  checkpointRecords: 5,
  checkpointSpacingMs: 0,
  headsIntervalMs: 1,
};
const TENANT = "t";
const SESSIONS = 4;
const SAVES_KEPT = 3;

/** @throws BrokenPromise naming the life */
export async function simulateWorld(seed: number, lives: number): Promise<WorldReport> {
  const random = seededRandom(seed);
  const world: World = {
    random,
    disk: createSimulatedFileSystem(random),
    saves: [EMPTY_INDEX],
    acknowledged: [],
    signed: new Map<number, string>(),
    disclosed: new Set<string>(),
    erased: new Set<string>(),
    life: 0,
    crashes: 0,
    torn: 0,
  };
  while (world.life < lives) {
    await liveOnce(world);
    world.life++;
  }
  const { crashes, torn } = world;
  return { lives, crashes, torn, acknowledged: world.acknowledged.length };
}

async function liveOnce(world: World): Promise<void> {
  const { random } = world;
  const plan = faultPlan(random);
  world.disk = random.chance(0.5) ? world.disk.afterPowerCut(plan) : world.disk.afterProcessDeath(plan);
  const dying = { dead: false };
  let log: EvidenceLog;
  try {
    log = await open(world, dying);
  } catch (error) {
    world.crashes++;
    // The planned fault may hit the opening itself; any other refusal of an honest disk is a broken promise.
    if (!isPlanned(error, world.disk, plan)) throw broken(world, `it does not open: ${String(error)}`);
    return;
  }
  if (!dying.dead) checkPromises(world, log);
  if (!dying.dead && random.chance(0.2)) await checkStoredSession(world, log, plan);
  await act(world, log, dying);
  if (!dying.dead && random.chance(0.5)) await log.close().catch(() => {});
  if (dying.dead) world.crashes++;
}

function faultPlan(random: SeededRandom): FaultPlan {
  const shortWrites = random.chance(0.3) ? 0.3 : 0;
  const at = 1 + random.below(90);
  const kind = random.below(10);
  if (kind < 5) return { shortWrites, crashAtOperation: at };
  if (kind < 8) return { shortWrites, failAtOperation: at };
  return { shortWrites };
}

/** True when the planned operation was reached, so that this life may have ended by it. */
function isPlanned(error: unknown, disk: SimulatedFileSystem, plan: FaultPlan): boolean {
  if (isRefusal(error)) return false;
  return disk.operations() >= (plan.crashAtOperation ?? plan.failAtOperation ?? Number.POSITIVE_INFINITY);
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "verdict" in error;
}

function open(world: World, dying: { dead: boolean }): Promise<EvidenceLog> {
  const { random, disk } = world;
  const { clock, ids, random: bytes } = simulatedSources(random, world.life * 1000);
  const from = world.saves[random.below(world.saves.length)] ?? EMPTY_INDEX;
  return openMemoryEvidence({
    clock,
    ids,
    random: bytes,
    files: disk,
    limits: SMALL,
    index: recordingIndex(world, from),
    onFatal: () => {
      dying.dead = true;
    },
  });
}

/** An index that remembers its saves, so that the next life can begin with an older one. */
function recordingIndex(world: World, from: SavedIndex): SessionIndex {
  const index = createMemorySessionIndex(from);
  world.saves = [from];
  return {
    ...index,
    save: (changes) => {
      index.save(changes);
      world.saves = [...world.saves, index.saved()].slice(-SAVES_KEPT);
    },
    clear: () => {
      index.clear();
      world.saves = [EMPTY_INDEX];
    },
  };
}

/** A handful of actions on a few sessions, some at once, some with checkpoints between. */
async function act(world: World, log: EvidenceLog, dying: { readonly dead: boolean }): Promise<void> {
  const { random } = world;
  const rounds = 1 + random.below(4);
  for (let round = 0; round < rounds && !dying.dead; round++) {
    const actions = Array.from({ length: 1 + random.below(3) }, () => actOnce(world, log));
    // Signed while records are on their way, or after them.
    const early = random.chance(0.3) ? log.checkpoint().catch(() => {}) : undefined;
    await Promise.all(actions);
    await early;
    if (random.chance(0.3)) await log.checkpoint().catch(() => {});
    if (random.chance(0.05)) await log.exportSession({ tenant: TENANT, sid: "s0" }).catch(() => {});
    noteCheckpoint(world, log);
  }
}

async function actOnce(world: World, log: EvidenceLog): Promise<void> {
  const { random } = world;
  for (let turns = random.below(8); turns > 0; turns--) await Promise.resolve();
  const sid = `s${random.below(SESSIONS)}`;
  const effect = random.chance(0.8) ? "allow" : "block";
  const disclosures = random.chance(0.7) ? { args: "x".repeat(random.below(400)) } : {};
  try {
    const decision = await log.append({ tenant: TENANT, sid, kind: "decision", p: { effect }, disclosures });
    world.acknowledged.push(decision);
    if (disclosures.args !== undefined) world.disclosed.add(decision.leaf);
    if (random.chance(0.05)) await eraseOnce(world, log, decision);
    if (effect === "block" || random.chance(0.2)) return;
    const answer = {
      tenant: TENANT,
      sid,
      kind: "outcome",
      p: { status: "executed" },
      ref: { decision: decision.leaf },
    } as const;
    world.acknowledged.push(await log.append({ ...answer, disclosures: { response: "ok" } }));
  } catch {
    // Not acknowledged: it may be there or not.
  }
}

async function eraseOnce(world: World, log: EvidenceLog, { leaf, sid }: Acknowledged): Promise<void> {
  if (!world.disclosed.has(leaf)) return;
  const people = { basis: "gdpr-17", requesterRef: "a", authorityRef: "b" };
  // From here on the values may be gone; once it is confirmed, they must be.
  world.disclosed.delete(leaf);
  await log.redact({ tenant: TENANT, sid, leaf, fields: "all", ...people });
  world.erased.add(leaf);
}

function noteCheckpoint(world: World, log: EvidenceLog): void {
  const note = log.latestCheckpoint();
  if (note === undefined) return;
  const { size, root } = parseCheckpoint(parseNote(note).text);
  const known = world.signed.get(size);
  if (known !== undefined && known !== toHex(root)) throw broken(world, `two roots were signed for size ${size}`);
  world.signed.set(size, toHex(root));
}

function checkPromises(world: World, log: EvidenceLog): void {
  noteCheckpoint(world, log);
  let records: readonly OracleRecord[];
  try {
    records = readStoredLog(world.disk);
  } catch (error) {
    throw broken(world, `the stored files cannot be read: ${String(error)}`);
  }
  const places = new Map(records.map(({ header, leaf }) => [leaf, header]));
  for (const { leaf, seq, sid } of world.acknowledged) {
    const header = places.get(leaf);
    if (header?.seq !== seq || header.sid !== sid) throw broken(world, `acknowledged record ${seq} of ${sid} is lost`);
  }
  checkChains(world, records);
  for (const [size, root] of world.signed) {
    if (size > records.length || rootOfFirst(records, size) !== root)
      throw broken(world, `the checkpoint of size ${size} is no prefix`);
  }
  if (world.random.chance(0.3)) checkValues(world);
  if (log.status().size !== records.length) throw broken(world, "the log and its files disagree about its size");
  world.torn += (log.status().recovered?.tornBytes ?? 0) > 0 ? 1 : 0;
}

/** What was confirmed as erased does not open, everything else that was acknowledged does. */
function checkValues(world: World): void {
  let values: ReturnType<typeof readStoredValues>;
  try {
    values = readStoredValues(world.disk);
  } catch (error) {
    throw broken(world, String(error));
  }
  for (const leaf of world.disclosed)
    if (values.get(leaf)?.["args"] === undefined) throw broken(world, "a value is lost");
  for (const leaf of world.erased)
    if (values.get(leaf)?.["args"] !== undefined) throw broken(world, "an erased value opens");
}

/** Values open, commitments hold, the last record is in the signed tree. */
async function checkStoredSession(world: World, log: EvidenceLog, plan: FaultPlan): Promise<void> {
  const ref = { tenant: TENANT, sid: `s${world.random.below(SESSIONS)}` };
  if (log.session(ref) === undefined) return;
  try {
    const { valid, message } = await log.verifySession(ref);
    if (!valid) throw broken(world, `session ${ref.sid} does not verify: ${message}`);
  } catch (error) {
    // Rebuilding tiles writes to the disk, which may be the planned fault.
    if (error instanceof BrokenPromise || !isPlanned(error, world.disk, plan)) throw error;
  }
}

function checkChains(world: World, records: readonly OracleRecord[]): void {
  const heads = new Map<string, OracleRecord>();
  const open = new Set<string>();
  const ended = new Set<string>();
  for (const record of records) {
    const { sid, tenant, seq, prev, kind, p, ref } = record.header;
    const before = heads.get(`${tenant}/${sid}`);
    if (seq !== (before?.header.seq ?? -1) + 1 || prev !== (before?.leaf ?? "0".repeat(64)))
      throw broken(world, `the chain of ${sid} breaks at ${seq}`);
    heads.set(`${tenant}/${sid}`, record);
    if (kind === "decision" && p["effect"] !== "block") open.add(record.leaf);
    const decision = ref["decision"] ?? "";
    if (kind !== "outcome") continue;
    if (ended.has(decision) || !open.delete(decision))
      throw broken(world, `an outcome of ${sid} at ${seq} ends nothing`);
    ended.add(decision);
  }
  if (open.size > 0) throw broken(world, `${open.size} interrupted actions have no outcome`);
}

function broken(world: World, what: string): BrokenPromise {
  return new BrokenPromise(`${what} (life ${world.life})`);
}
