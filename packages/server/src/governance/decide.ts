/**
 * Every engine's verdict on one sealed action, run to one decision: the strictest wins.
 * An engine that throws, answers nonsense or answers too late counts as a block. Only an explicit, expiring
 * break-glass grant lets a *failing* engine be skipped; it never overrides an engine that said block.
 */
import {
  type ActionEnvelope,
  DECISIONS,
  type Decision,
  type EngineVerdict,
  errorText,
  isStricter,
} from "@aegisflow/core";
import type { BreakGlass, Clock, Engine, EventsPort, PolicySnapshot } from "./ports.ts";

export interface DecideDeps {
  readonly clock: Clock;
  readonly events: EventsPort;
}

export async function decideAction(
  deps: DecideDeps,
  envelope: ActionEnvelope,
  policy: PolicySnapshot,
  grant: BreakGlass | undefined,
): Promise<Decision> {
  const startedMs = deps.clock.monotonicMs();
  const trace: EngineVerdict[] = floorVerdicts(envelope);
  const failed: EngineVerdict[] = [];
  for (const answer of askAll(deps, envelope, policy)) {
    // A synchronous engine costs no turn of the event loop: only real promises are awaited.
    const verdict = answer instanceof Promise ? await answer : answer;
    (verdict.rule === ENGINE_FAILED ? failed : trace).push(verdict);
  }
  const skipped = failed.length > 0 && grant !== undefined && grant.expiresAtMs > deps.clock.nowMs();
  const counted = skipped ? trace : [...trace, ...failed];
  const deciding = strictestVerdict(counted) ?? NO_ENGINE;
  return {
    ...conclusionOf(deciding),
    policy_hash: policy.hash,
    policy_version: policy.version,
    trace: [...trace, ...failed],
    ...(skipped ? { break_glass: grant.id } : {}),
    latency_us: Math.round((deps.clock.monotonicMs() - startedMs) * 1000),
  };
}

const ENGINE_FAILED = "(engine failed)";

/** No engine answered at all: nothing allows the action. */
const NO_ENGINE: EngineVerdict = {
  engine: "decide",
  decision: "block",
  rule: "(no engine)",
  reason: "no policy engine answered, and nothing is allowed without one",
};

function floorVerdicts(envelope: ActionEnvelope): EngineVerdict[] {
  return (envelope.floors ?? []).map((floor) => ({
    engine: floor.by,
    decision: floor.decision,
    rule: `(${floor.by})`,
    reason: floor.reason,
    ...(floor.suggestion === undefined ? {} : { suggestion: floor.suggestion }),
  }));
}

function askAll(
  deps: DecideDeps,
  envelope: ActionEnvelope,
  policy: PolicySnapshot,
): (EngineVerdict | Promise<EngineVerdict>)[] {
  return policy.engines.map((engine) => askEngine(deps, engine, envelope, policy.engineTimeoutMs));
}

function askEngine(
  deps: DecideDeps,
  engine: Engine,
  envelope: ActionEnvelope,
  timeoutMs: number,
): EngineVerdict | Promise<EngineVerdict> {
  const deadline = new AbortController();
  try {
    const answer = engine.decide(envelope, deadline.signal);
    if (!(answer instanceof Promise)) return checkedVerdict(deps, engine, answer);
    return withinTime(deps, engine, answer, deadline, timeoutMs);
  } catch (error) {
    return failedVerdict(deps, engine, errorText(error));
  }
}

async function withinTime(
  deps: DecideDeps,
  engine: Engine,
  answer: Promise<EngineVerdict>,
  deadline: AbortController,
  timeoutMs: number,
): Promise<EngineVerdict> {
  const stopTimer = new AbortController();
  const late = deps.clock.sleep(timeoutMs, stopTimer.signal).then(
    () => "late" as const,
    () => "stopped" as const,
  );
  try {
    const first = await Promise.race([answer, late]);
    if (typeof first === "string") return failedVerdict(deps, engine, `no answer within ${timeoutMs} ms`);
    return checkedVerdict(deps, engine, first);
  } catch (error) {
    return failedVerdict(deps, engine, errorText(error));
  } finally {
    stopTimer.abort();
    deadline.abort();
  }
}

function checkedVerdict(deps: DecideDeps, engine: Engine, verdict: EngineVerdict): EngineVerdict {
  if (DECISIONS.includes(verdict?.decision)) return verdict;
  return failedVerdict(deps, engine, `answered \`${String(verdict?.decision)}\`, which is no decision`);
}

function failedVerdict(deps: DecideDeps, engine: Engine, error: string): EngineVerdict {
  deps.events.emit({ kind: "engine-failed", engine: engine.name, error });
  return {
    engine: engine.name,
    decision: "block",
    rule: ENGINE_FAILED,
    reason: `policy engine \`${engine.name}\` failed, and an engine that fails blocks`,
    suggestion: "ask an operator to look at the engine's error in the server log",
  };
}

/** The first of the strictest: floors stand before engines, engines in their configured order. */
function strictestVerdict(verdicts: readonly EngineVerdict[]): EngineVerdict | undefined {
  let strictest: EngineVerdict | undefined;
  for (const verdict of verdicts) {
    if (strictest === undefined || isStricter(verdict.decision, strictest.decision)) strictest = verdict;
  }
  return strictest;
}

function conclusionOf(
  verdict: EngineVerdict,
): Omit<Decision, "policy_hash" | "policy_version" | "trace" | "latency_us"> {
  const { decision, engine, rule, reason, source, suggestion } = verdict;
  return {
    decision,
    engine,
    rule,
    reason,
    ...(source === undefined ? {} : { source }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}
