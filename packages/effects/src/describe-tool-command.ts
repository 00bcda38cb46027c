/** Effects of a tool whose subcommand says what it does. */
import type { Capability, EffectKind } from "@aegisflow/core";
import type { Field } from "./field.ts";
import { hasDynamic, type Invocation } from "./invocation.ts";
import { scanOptions } from "./scan-options.ts";
import { emitSecretArguments } from "./secret-arguments.ts";
import type { ToolOutcome, ToolTable } from "./tool-command-table.ts";

export function describeToolCommand(invocation: Invocation, table: ToolTable): void {
  const { operands, options } = scanOptions(invocation.args, { values: table.values });
  const words = operands.slice(0, SUBCOMMAND_WORDS_MAX).map(({ text }) => text);
  const found = findOutcome(
    table,
    words,
    options.map(({ name }) => name),
  );
  const turned = invocation.args.map(({ text }) => table.turns[text.split("=")[0] ?? ""] ?? table.turns[text]);
  const outcome = turned.find((turn) => turn !== undefined) ?? secretLook(table, found.outcome, operands);
  const operation = [invocation.name, words.slice(0, found.length).join("_")].filter((part) => part !== "").join(".");
  const effects = outcome === "change" && table.remote ? REMOTE_CHANGE : EFFECTS[outcome];
  for (const [kind, capability] of effects) invocation.emit({ kind, capability, operation });
  if (outcome === "opaque") invocation.emitUnknown(`what \`${invocation.name}\` is told to do is not understood`);
  if (outcome === "wrap") runWrapped(invocation, found.length, operands);
  emitSecretArguments(invocation);
  emitHostAccess(invocation);
  const harmless = outcome === "look" && operands.slice(0, found.length).every(({ dynamic }) => dynamic === false);
  const doubtful = harmless ? invocation.args.some(({ dynamic }) => dynamic === "split") : hasDynamic(invocation.args);
  if (doubtful) invocation.emitUnknown(`what \`${invocation.name}\` does is not known`);
}

/** Words of the longest subcommand in the tables. */
const SUBCOMMAND_WORDS_MAX = 3;

const EFFECTS: Readonly<Record<ToolOutcome, readonly (readonly [EffectKind, Capability])[]>> = {
  look: [["read", "read"]],
  change: [["write", "write"]],
  run: [["exec", "execute"]],
  wrap: [["exec", "execute"]],
  opaque: [["exec", "execute"]],
  fetch: [["network", "execute"]],
  install: [["package-install", "execute"]],
  deploy: [["infra", "deploy"]],
  remove: [["delete", "delete"]],
  destroy: [
    ["infra", "delete"],
    ["delete", "delete"],
  ],
  secret: [["secret-access", "execute"]],
};

const REMOTE_CHANGE: readonly (readonly [EffectKind, Capability])[] = [["network", "write"]];

interface Found {
  readonly outcome: ToolOutcome;
  /** How many words name the subcommand. */
  readonly length: number;
}

function findOutcome(table: ToolTable, words: readonly string[], options: readonly string[]): Found {
  for (let length = words.length; length > 0; length -= 1) {
    const outcome = table.outcomes.get(words.slice(0, length).join(" "));
    if (outcome !== undefined) return { outcome, length };
  }
  const option = options.map((name) => table.outcomes.get(name)).find((outcome) => outcome !== undefined);
  if (words.length === 0 && option !== undefined) return { outcome: option, length: 0 };
  const verb = table.verbs ? words.map(outcomeOfVerb).find((outcome) => outcome !== undefined) : undefined;
  return { outcome: verb ?? table.otherwise, length: Math.min(words.length, verb === undefined ? 1 : 2) };
}

function outcomeOfVerb(word: string): ToolOutcome | undefined {
  if (/^(?:delete|terminate|remove|destroy|purge|rm|deregister|revoke|disable|stop)(?:-|$)/.test(word))
    return "destroy";
  if (/secret|password|access-key|token|credential/.test(word)) return "secret";
  return /^(?:describe|list|show|get|head|search|lookup|batch-get|filter|ls|wait)(?:-|$)/.test(word)
    ? "look"
    : undefined;
}

function secretLook(table: ToolTable, outcome: ToolOutcome, operands: readonly Field[]): ToolOutcome {
  const { secretWords } = table;
  const secret = outcome === "look" && secretWords !== undefined && operands.some(({ text }) => secretWords.test(text));
  return secret ? "secret" : outcome;
}

/** `uv run pytest`, `bundle exec rake`: what follows is the command. */
function runWrapped(invocation: Invocation, length: number, operands: readonly Field[]): void {
  const last = operands[length - 1];
  const start = last === undefined ? -1 : invocation.args.indexOf(last);
  const rest = invocation.args.slice(start + 1);
  const from = rest.findIndex(({ text }) => !text.startsWith("-"));
  if (from > 0 && rest.slice(0, from).some(({ text }) => text !== "--")) {
    invocation.emitUnknown(`what \`${invocation.name}\` runs is not known`);
  }
  if (from >= 0) invocation.runWords(rest.slice(from), invocation.stdin);
}

/** A container that sees the host's files, its daemon or all its devices is no container. */
function emitHostAccess(invocation: Invocation): void {
  const escapes = invocation.args.some(({ text }) =>
    /^(?:--privileged|--pid=host|--cap-add=(?:ALL|SYS_ADMIN))$|docker\.sock|^(?:-v|--volume=)?(?:\/|~|\/(?:etc|root|home|Users|var|usr|proc|sys|dev)[^:]*):|source=\/(?:,|$|etc|root|home|var)/.test(
      text,
    ),
  );
  const container = /^(?:docker|podman|nerdctl)/.test(invocation.name);
  if (escapes && container) invocation.emit({ kind: "privilege", capability: "execute", flags: ["host-access"] });
}
