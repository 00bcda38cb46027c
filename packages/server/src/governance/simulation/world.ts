/**
 * One seed's world. Durable: evidence, approvals, what the upstream executed. Mortal: the process that governs.
 * Agents ask and ask again, reviewers vote, time jumps, stores fail, the process dies between any two hops and is
 * started anew with recovery. When all is quiet the invariants are checked.
 */

import type { ActionEnvelope } from "@aegisflow/core";
import type { ApprovalRow, ApprovalStore } from "../../approvals/approval-store.ts";
import {
  type Approvals,
  createApprovals,
  createPseudonyms,
  DEFAULT_APPROVAL_LIMITS,
} from "../../approvals/approvals.ts";
import { createMemoryApprovalStore } from "../../storage/memory/approval-store.ts";
import { createGovernance, type Governance, type Governed, type RunAction } from "../govern.ts";
import type { Engine, EvidencePort, Ids, PoliciesPort } from "../ports.ts";
import { AGENTS, type Call, flakyEngine, REVIEWERS, RULES, randomCall, upstreamFailure } from "./script.ts";
import { SimClock } from "./sim-clock.ts";
import { faultyEvidence, SimEvidence } from "./sim-evidence.ts";
import { createSeededRandom, type Incarnation, type SeededRandom, Steps, settled } from "./steps.ts";

export interface Execution {
  readonly envelopeId: string;
  readonly fingerprint: string;
  readonly canonicalParameters: string;
  /** How many records were durable when the upstream was reached. */
  readonly recordsBefore: number;
}

export interface Process {
  readonly life: Incarnation;
  readonly governance: Governance;
  readonly approvals: Approvals;
  readonly died: Promise<never>;
  kill(): void;
}

/** Deliberately broken worlds: each must be caught, or the invariants prove nothing. */
export const FLAWS = [
  "evidence acknowledges what it does not keep",
  "a claim does not consume the approval",
  "a claim takes any approval",
  "anybody may vote on their own request",
  "an engine that throws is ignored",
  "the upstream gets other arguments than were decided",
  "recovery closes nothing",
  "an action is run again after it failed",
] as const;
export type Flaw = (typeof FLAWS)[number];

const STEPS_MAX = 4_000;
const CALLS_PER_AGENT = 3;

export class World {
  readonly random: SeededRandom;
  readonly clock = new SimClock();
  readonly steps: Steps;
  readonly evidence = new SimEvidence(this.clock);
  readonly store = createMemoryApprovalStore();
  readonly executions: Execution[] = [];
  /** Envelopes for which an engine failed: none of them may run. */
  readonly engineFailures = new Set<string>();
  /** What was answered to the callers, by envelope. */
  readonly answers: Governed<string>[] = [];
  crashes = 0;
  readonly #flaw: Flaw | undefined;
  #process: Process;
  #ids = 0;

  constructor(seed: number, flaw?: Flaw) {
    this.#flaw = flaw;
    this.random = createSeededRandom(seed);
    this.steps = new Steps(this.random);
    this.#process = this.#start();
  }

  async play(): Promise<void> {
    const actors = [...AGENTS.map((agent) => this.#agent(agent)), this.#reviewer(), this.#reviewer()];
    let playing = true;
    const ended = Promise.all(actors).then(() => {
      playing = false;
    });
    for (let step = 0; playing && step < STEPS_MAX; step++) {
      if (this.random.below(90) === 0 && this.crashes < 3) await this.#crash();
      if (this.random.below(400) === 0) this.clock.skip(31 * 60_000);
      const moved = this.random.below(10) === 0 ? this.clock.advance() : await this.steps.step();
      if (!moved && !(await this.steps.step()) && !this.clock.advance()) await settled();
    }
    if (playing) throw new Error(`the world did not come to rest within ${STEPS_MAX} steps`);
    await ended;
    await this.#crash();
  }

  /** The process dies where it stands; the next one recovers what it left open. */
  async #crash(): Promise<void> {
    this.crashes += 1;
    this.#process.kill();
    await settled();
    this.#recover();
    this.#process = this.#start();
  }

  /** What the evidence log does at start: a decision that never got its outcome is closed as unknown. */
  #recover(): void {
    if (this.#flaw === "recovery closes nothing") return;
    const closed = new Set(
      this.evidence.records.flatMap(({ header }) => (header.kind === "outcome" ? [header.ref["decision"]] : [])),
    );
    for (const { leaf, header, draft } of this.evidence.records.slice()) {
      if (header.kind !== "decision" || header.p["effect"] === "block" || closed.has(leaf)) continue;
      const p = { status: "unknown", why: "recovered" };
      this.evidence.append({ ...draft, kind: "outcome", p, disclosures: {}, ref: { decision: leaf } });
    }
  }

  #start(): Process {
    const life: Incarnation = { alive: true };
    const evidence = this.#flawedEvidence(faultyEvidence(this.evidence, this.steps, this.random, life));
    const approvals = createApprovals({
      store: this.#flawedStore(),
      evidence,
      clock: this.clock,
      pseudonymOf: createPseudonyms(new Uint8Array(32)),
      urlOf: (id) => `http://localhost/approvals/${id}`,
      limits: () => ({ ...DEFAULT_APPROVAL_LIMITS, pendingPerTenantMax: 5 }),
    });
    const governance = createGovernance({
      policies: this.#policies(),
      evidence,
      approvals: parkedApprovals(approvals, this.steps, life),
      credentials: this.#credentials(life),
      events: { emit: () => {} },
      sources: { clock: this.clock, ids: this.#idSource() },
    });
    const death = new AbortController();
    const died = new Promise<never>((_, reject) => {
      death.signal.addEventListener("abort", () => reject(new Error("the process died")));
    });
    died.catch(() => {});
    const kill = (): void => {
      life.alive = false;
      death.abort();
    };
    return { life, governance, approvals, died, kill };
  }

  #policies(): PoliciesPort {
    const engines = [RULES, this.#flawedEngine(flakyEngine(this.random, this.clock, this.engineFailures))];
    return {
      current: () => ({ version: 1, hash: `sha256:${"0".repeat(64)}`, engines, engineTimeoutMs: 50 }),
      breakGlass: () => undefined,
    };
  }

  #credentials(life: Incarnation) {
    return {
      lease: async () => {
        await this.steps.point(life);
        if (this.random.below(40) === 0) throw new Error("simulated: no lease");
        const release = (): Promise<void> => this.steps.point(life);
        return { id: "lease", secrets: {}, expiresAtMs: this.clock.nowMs() + 60_000, release };
      },
    };
  }

  #idSource(): Ids {
    return {
      next: () => {
        this.#ids += 1;
        return `e${this.#ids}`;
      },
    };
  }

  #run(life: Incarnation): RunAction<string> {
    return async (envelope) => {
      await this.steps.point(life);
      const failure = upstreamFailure(this.random);
      this.#execute(envelope);
      await this.steps.point(life);
      if (failure !== undefined && this.#flaw === "an action is run again after it failed") this.#execute(envelope);
      if (failure !== undefined) throw failure;
      return { value: "done", response: { done: true } };
    };
  }

  #execute({ id, fingerprint, canonical_parameters }: ActionEnvelope): void {
    const sent = this.#flaw === "the upstream gets other arguments than were decided" ? "{}" : canonical_parameters;
    const recordsBefore = this.evidence.records.length;
    this.executions.push({ envelopeId: id, fingerprint, canonicalParameters: sent, recordsBefore });
  }

  async #agent(agent: string): Promise<void> {
    for (let call = 0; call < CALLS_PER_AGENT; call++) await this.#callWithRetries(randomCall(this.random, agent));
  }

  async #callWithRetries(call: Call): Promise<void> {
    for (let attempt = 0; attempt <= call.retries; attempt++) {
      await this.steps.point();
      const answer = await this.#callOnce(call);
      if (answer !== undefined) this.answers.push(answer);
      if (answer?.kind === "executed" || answer?.kind === "blocked") return;
      for (let pause = 0; pause < 6; pause++) await this.steps.point();
    }
  }

  /** Undefined: the connection broke because the process died. */
  #callOnce(call: Call): Promise<Governed<string> | undefined> {
    const { governance, died, life } = this.#process;
    const gone = new AbortController();
    if (call.aborts) void this.steps.point().then(() => gone.abort());
    const options = { signal: gone.signal, waitForApprovalMs: call.waitMs };
    const answered = governance.govern(call.draft, this.#run(life), options);
    return Promise.race([answered, died.catch(() => undefined)]);
  }

  #flawedEvidence(evidence: EvidencePort): EvidencePort {
    if (this.#flaw !== "evidence acknowledges what it does not keep") return evidence;
    const receipt = { leaf: "0".repeat(64), seq: 1, sid: "lost" };
    return { append: (draft) => (draft.kind === "decision" ? Promise.resolve(receipt) : evidence.append(draft)) };
  }

  #flawedStore(): ApprovalStore {
    const approved = (): ApprovalRow | undefined =>
      this.store.list({ statuses: ["approved", "consumed"], limit: 1 })[0];
    if (this.#flaw === "a claim does not consume the approval") return { ...this.store, consume: approved };
    if (this.#flaw === "anybody may vote on their own request") {
      const get = (id: string): ApprovalRow | undefined => {
        const row = this.store.get(id);
        return row === undefined ? undefined : { ...row, requester: "nobody" };
      };
      return { ...this.store, get };
    }
    if (this.#flaw === "a claim takes any approval") {
      return { ...this.store, consume: (key) => this.store.consume({ ...key, ...approved() }) };
    }
    return this.store;
  }

  #flawedEngine(engine: Engine): Engine {
    if (this.#flaw !== "an engine that throws is ignored") return engine;
    const allow = { engine: engine.name, decision: "allow", rule: "", reason: "" } as const;
    return {
      name: engine.name,
      decide: async (envelope, signal) => Promise.resolve(engine.decide(envelope, signal)).catch(() => allow),
    };
  }

  async #reviewer(): Promise<void> {
    for (let look = 0; look < 12; look++) {
      for (let pause = 0; pause < 3; pause++) await this.steps.point();
      const { approvals, died } = this.#process;
      const [row] = this.store.list({ statuses: ["pending"], limit: 1 });
      if (row === undefined) continue;
      const id = this.random.pick(REVIEWERS);
      const reviewer = { id, name: id, role: "operator", tenant: "default" } as const;
      const vote = this.random.chance(75) ? approvals.approve : approvals.deny;
      await Promise.race([vote(row.id, reviewer, "").catch(() => undefined), died.catch(() => undefined)]);
    }
  }
}

/** Each call of the approvals subsystem can be the last thing a process does. */
function parkedApprovals(approvals: Approvals, steps: Steps, life: Incarnation): Approvals {
  return {
    ...approvals,
    async claim(key) {
      await steps.point(life);
      const claim = await approvals.claim(key);
      await steps.point(life);
      return claim;
    },
    async request(envelope, decision, leaf) {
      await steps.point(life);
      return approvals.request(envelope, decision, leaf);
    },
  };
}
