/**
 * What kind of power a tool asks for, guessed from its name when no map knows it. Errs towards the stronger word:
 * a destructive word anywhere wins, `read` needs a reading verb in front and no other verb behind it, and a name
 * that says nothing is `execute`. Annotations of the server can only tighten the guess.
 * Pure.
 */
import type { Capability, JsonObject } from "../action/action.ts";

/** Verbs that are hardly ever nouns: they count wherever they stand. */
const VERBS: Readonly<Record<Exclude<Capability, "read" | "unknown">, readonly string[]>> = {
  delete: [
    "delete",
    "del",
    "remove",
    "rm",
    "rmdir",
    "drop",
    "destroy",
    "purge",
    "erase",
    "wipe",
    "truncate",
    "unlink",
    "uninstall",
    "revoke",
    "terminate",
    "prune",
    "nuke",
    "shred",
    "expunge",
    "obliterate",
    "deprovision",
    "decommission",
    "unregister",
    "deregister",
    "teardown",
    "overwrite",
  ],
  deploy: ["deploy", "redeploy", "undeploy", "rollout", "rollback", "provision", "migrate", "publish", "promote"],
  approve: ["approve", "authorize", "authorise", "grant"],
  execute: ["execute", "exec", "eval", "evaluate", "invoke", "spawn", "sudo"],
  write: [
    "create",
    "write",
    "update",
    "edit",
    "insert",
    "upsert",
    "modify",
    "replace",
    "append",
    "rename",
    "move",
    "upload",
    "send",
    "save",
    "put",
    "mkdir",
    "restore",
    "enable",
    "disable",
    "assign",
    "unassign",
    "submit",
    "reply",
    "add",
  ],
};

/** Words that are verbs in front, or after a conjunction, and nouns elsewhere: `get_release`, `list_and_release`. */
const NOUN_VERBS: typeof VERBS = {
  delete: [
    "clear",
    "clean",
    "cleanup",
    "reset",
    "flush",
    "kill",
    "trash",
    "discard",
    "empty",
    "evict",
    "dismiss",
    "stop",
  ],
  deploy: ["release", "push", "apply", "merge", "ship", "scale", "restart", "force", "install", "upgrade", "sync"],
  approve: ["accept", "sign", "allow", "trust"],
  execute: [
    "run",
    "call",
    "command",
    "trigger",
    "start",
    "shell",
    "script",
    "click",
    "type",
    "press",
    "navigate",
    "open",
  ],
  write: [
    "set",
    "post",
    "patch",
    "commit",
    "comment",
    "label",
    "tag",
    "fork",
    "star",
    "archive",
    "close",
    "lock",
    "unlock",
    "log",
    "store",
    "import",
    "copy",
    "schedule",
    "book",
    "order",
    "invite",
    "subscribe",
    "request",
    "mark",
    "change",
    "checkout",
    "branch",
    "stage",
    "cancel",
    "transfer",
    "pay",
    "register",
    "record",
    "toggle",
    "configure",
  ],
};

const READ_VERBS = [
  "list",
  "get",
  "search",
  "read",
  "describe",
  "show",
  "find",
  "view",
  "lookup",
  "count",
  "inspect",
  "browse",
  "peek",
  "tail",
  "head",
  "cat",
  "ls",
  "stat",
  "diff",
  "compare",
  "preview",
  "whoami",
  "ping",
  "fetch",
  "retrieve",
  "info",
];

const CONJUNCTIONS = ["and", "then", "or", "plus", "with"];

/** Strongest first: the order in which words of one name win. */
const STRENGTH = ["delete", "deploy", "approve", "execute", "write"] as const;

/** Verbs long enough to be recognised glued to other letters: `bulkdelete`, `deleterepo`. */
const GLUED = ["delete", "remove", "destroy", "purge", "truncate", "uninstall", "terminate"];
/** Endings that make a noun or participle of a verb: `deleted`, `removes`. */
const INFLECTION_CHARS_MAX = 2;

/** `name` without its namespace: `delete_repo`, `bulkDelete`, `repo.list`. */
export function inferCapability(name: string): Capability {
  const words = splitWords(name);
  const leadsWithRead = READ_VERBS.includes(words[0] ?? "");
  const classes = words.map((word, index) => classOf(word, leadsWithRead && !startsClause(words, index)));
  const strongest = STRENGTH.find((capability) => classes.includes(capability));
  if (strongest !== undefined) return strongest;
  return leadsWithRead ? "read" : "execute";
}

/** Servers state hints about themselves: one that says "not read only" or "destructive" is believed, the reverse never. */
export function tightenRead(annotations: JsonObject): Capability {
  const harmful = annotations["destructiveHint"] === true || annotations["readOnlyHint"] === false;
  return harmful ? "execute" : "read";
}

/** Words of a camelCase, snake_case, kebab-case or dotted name, lower case. */
export function splitWords(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

function startsClause(words: readonly string[], index: number): boolean {
  return index === 0 || CONJUNCTIONS.includes(words[index - 1] ?? "");
}

function classOf(word: string, asNoun: boolean): (typeof STRENGTH)[number] | undefined {
  if (isGluedDelete(word)) return "delete";
  return STRENGTH.find(
    (capability) => VERBS[capability].includes(word) || (!asNoun && NOUN_VERBS[capability].includes(word)),
  );
}

function isGluedDelete(word: string): boolean {
  return GLUED.some((verb) => {
    if (word.endsWith(verb)) return true;
    return word.startsWith(verb) && word.length - verb.length > INFLECTION_CHARS_MAX;
  });
}
