/**
 * The words of the product, one word per idea (the glossary). A new noun is added here first.
 *
 * action      something an agent wants done in the world: a tool call, a command, a push, a statement, a request
 * draft       a gate's description of an action: pure data, nothing decided
 * envelope    the sealed, frozen action with its fingerprint; what is decided, approved and executed
 * fingerprint digest of the exact action: same action asked twice, same fingerprint
 * actor       who asks: the authenticated principal, its session and tenant
 * capability  what kind of power is asked for: read, write, delete, deploy, approve, execute (or unknown)
 * effect      a parsed consequence: writes this path, pushes that ref, reaches this host
 * resource    the typed thing acted upon
 * rule        one line of policy; first match wins
 * pack        a named, shipped set of rules with its cases
 * engine      anything that gives a verdict; the strictest verdict is the decision
 * decision    allow, review or block, with its trace
 * floor       a strictness that a gate demands whatever the rules say
 * gate        where actions enter and are enforced
 * review      a decision that waits for a person
 * approval    a person's yes to one exact action; durable, single use, expiring
 * lease       a short-lived credential for one action
 * ticket      a signed, single-use permission to run one action elsewhere
 * evidence    the append-only record of what was decided and what came of it
 * outcome     what came of a decision: executed, failed, denied …
 * checkpoint  a signed statement of the whole log's size and root
 * session     the chain of actions of one agent run
 * task        what the session is for
 * tenant      who owns keys, sessions, limits and approvals
 * upstream    an MCP server behind the gateway
 * pin         the remembered definition of an upstream's tool
 */
export * from "./action/action.ts";
export * from "./action/effect.ts";
export * from "./action/envelope.ts";
export * from "./decision/decision.ts";
export * from "./errors.ts";
export * from "./units.ts";
