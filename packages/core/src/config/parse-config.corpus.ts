/**
 * Every way to get a configuration wrong that we know of, with the one error each gives: place, key path, words.
 * Read with the variables PORT, KEY and EMPTY set and the packs pr-writer and readonly known.
 */

const rule = (body: string): string => `tool_policies:\n  rules:\n    - {${body}}\n`;
const upstream = (body: string): string => `mcp_gateway:\n  upstreams:\n    - {${body}}\n`;
const tenant = (keys: string): string => `tenants:\n  - id: a\n    api_keys: [${keys}]\n`;

/** What is written, and the one error it gives: place, key path and words. */
export const CONFIG_ERRORS: readonly (readonly [what: string, text: string, error: string])[] = [
  // YAML
  ["a tab", "server:\n\tport: 1", "a.yaml:2:1: a tab is used for indentation, which YAML does not allow; use spaces"],
  [
    "two documents",
    "server: {}\n---\nserver: {}",
    "a.yaml:2:1: a configuration is one document; remove the `---` and what follows it",
  ],
  [
    "a repeated key",
    "server:\n  port: 1\n  port: 2",
    "a.yaml:3:3: server.port: duplicate key `port`; keep one of them",
  ],
  [
    "a merge key",
    "a: &x {}\nserver:\n  <<: *x",
    'a.yaml:3:3: server["<<"]: merge keys (`<<`) are not supported; write the keys out',
  ],
  ["a tag", "server: !danger {}", "a.yaml:1:9: tags (`!name`) are not supported here; remove the tag"],
  ["a directive", "%YAML 1.1\n---\nserver: {}", "a.yaml:1:1: a `%YAML` directive is not supported; remove it"],
  ["a prototype key", "__proto__: {}", "a.yaml:1:1: __proto__: unknown key `__proto__`; remove it"],
  ["a list as key", "? [a]\n: 1", "a.yaml:1:3: a key must be a plain word; remove the list, map or alias in its place"],
  ["an unknown alias", "server: *x", "a.yaml:1:9: server: the alias `*x` has no anchor before it; write the value out"],
  [
    "a number that is not exact",
    "server: {port: 9007199254740993}",
    "a.yaml:1:16: server.port: is a number too large to be exact; put it in quotes if it is a text",
  ],
  [
    "infinity",
    "server: {port: .inf}",
    "a.yaml:1:16: server.port: is not a finite number; write a number or put it in quotes",
  ],
  ["no map", "- a", "a.yaml:1:1: the list is not a map; write `key: value` lines below it"],
  // variables
  [
    "an unset variable",
    "data_dir: ${NOPE}",
    'a.yaml:1:11: data_dir: environment variable "NOPE" is not set; set it or write `${NOPE:-default}`',
  ],
  [
    "a variable in a flow list",
    "tenants: [${KEY}]",
    'a.yaml:1:12: a variable between `[ ]` or `{ }` needs quotes around it: "${NAME}"',
  ],
  [
    "an unclosed variable",
    "data_dir: ${KEY",
    "a.yaml:1:11: data_dir: a variable reference is never closed; write `${NAME}` or `${NAME:-default}`, or `$${` for the characters themselves",
  ],
  [
    "a malformed variable",
    "data_dir: ${a b}",
    "a.yaml:1:11: data_dir: `${a b}` is not a variable reference; write `${NAME}` or `${NAME:-default}`, or `$${` for the characters themselves",
  ],
  [
    "a variable that is no number",
    "server:\n  port: ${KEY}",
    "a.yaml:2:9: server.port: the value is not a number; change the value",
  ],
  // unknown keys
  [
    "a misspelt key",
    "server:\n  adminport: 1",
    "a.yaml:2:3: server.adminport: unknown key `adminport`; did you mean `admin_port`?",
  ],
  ["an unknown top-level key", "gateway: {}", "a.yaml:1:1: gateway: unknown key `gateway`; remove it"],
  [
    "a key unlike the few there are",
    "approvals:\n  zzz: 1",
    "a.yaml:2:3: approvals.zzz: unknown key `zzz`; the keys here are max_pending_per_tenant",
  ],
  [
    "a key unlike any",
    "server:\n  qqqqqq: 1",
    "a.yaml:2:3: server.qqqqqq: unknown key `qqqqqq`; the keys here are host, port, admin_port, read_timeout, write_timeout, graceful_shutdown, max_body_size, cors",
  ],
  // values
  [
    "a key without value",
    "server:\n  port:",
    "a.yaml:2:8: server.port: `port` has no value; write one or remove the key",
  ],
  [
    "a text for a number",
    "server:\n  port: eighty",
    "a.yaml:2:9: server.port: `eighty` is not a number; change the value",
  ],
  ["a number for a text", "data_dir: 5", "a.yaml:1:11: data_dir: `5` is not a text; put it in quotes"],
  [
    "a word for a switch",
    "mcp_gateway:\n  enabled: yes",
    "a.yaml:2:12: mcp_gateway.enabled: `yes` is not true or false; change the value",
  ],
  ["a port out of range", "server:\n  port: 70000", "a.yaml:2:9: server.port: `70000` is too large; the most is 65535"],
  [
    "a negative size",
    "server:\n  max_body_size: -1",
    "a.yaml:2:18: server.max_body_size: server.max_body_size must not be negative (got -1); write a number of bytes",
  ],
  [
    "a duration without unit",
    "server:\n  graceful_shutdown: 30",
    "a.yaml:2:22: server.graceful_shutdown: `30` has no unit; write for example 30s or 30m",
  ],
  [
    "a bad duration",
    "approval_integrations:\n  timeout: soon",
    "a.yaml:2:12: approval_integrations.timeout: `soon` is not a duration; write for example 250ms, 30s, 5m or 1h30m",
  ],
  [
    "a duration too short",
    "approval_integrations:\n  timeout: 1ms",
    "a.yaml:2:12: approval_integrations.timeout: `1ms` is too short; the least is 1s",
  ],
  [
    "a bad host",
    "server:\n  host: http://x",
    "a.yaml:2:9: server.host: `http://x` is not a host name or address; write for example 127.0.0.1, ::1 or localhost",
  ],
  [
    "a bad level",
    "logging:\n  level: warning",
    "a.yaml:2:10: logging.level: `warning` is not one of debug, info, warn, error; did you mean `warn`?",
  ],
  // rules
  [
    "a misspelt rule key",
    rule("tool: x, tols: y, decision: allow"),
    "a.yaml:3:17: tool_policies.rules[0].tols: unknown key `tols`; did you mean `tool`?",
  ],
  [
    "a bad decision",
    rule("tool: x, decision: deny"),
    "a.yaml:3:27: tool_policies.rules[0].decision: `deny` is not one of allow, review, block",
  ],
  [
    "a decision with a slip",
    rule("tool: x, decision: blok"),
    "a.yaml:3:27: tool_policies.rules[0].decision: `blok` is not one of allow, review, block; did you mean `block`?",
  ],
  [
    "no decision",
    rule("tool: x"),
    "a.yaml:3:7: tool_policies.rules[0].decision: `decision` is missing; write one of allow, review, block",
  ],
  [
    "a rule for nothing",
    rule("decision: allow"),
    'a.yaml:3:7: tool_policies.rules[0]: the rule says nothing about what it matches; write `tool: "*"` if it is meant for everything',
  ],
  [
    "a blank condition",
    "tool_policies:\n  rules:\n    - tool:\n      protocol: mcp\n      decision: allow",
    "a.yaml:3:12: tool_policies.rules[0].tool: `tool` has no value; write one or remove the key",
  ],
  [
    "a bad protocol",
    rule("protocol: mpc, decision: block"),
    "a.yaml:3:18: tool_policies.rules[0].protocol: `mpc` is not one of mcp, http, shell, sql, git; did you mean `mcp`?",
  ],
  [
    "a bad glob",
    rule('tool: "[", decision: block'),
    "a.yaml:3:14: tool_policies.rules[0].tool: `[` is not a valid glob: it is `[` without `]`; write `\\[` for the character itself",
  ],
  [
    "a bad glob in a list",
    rule('refs: [main, "{a"], decision: block'),
    "a.yaml:3:21: tool_policies.rules[0].refs[1]: `{a` is not a valid glob: it is `{` without `}`; write `\\{` for the character itself",
  ],
  [
    "an empty list",
    rule("refs: [], decision: block"),
    "a.yaml:3:14: tool_policies.rules[0].refs: the list is empty; name at least one entry or remove the key",
  ],
  [
    "a number as glob",
    rule("tool: x, paths: 5, decision: block"),
    "a.yaml:3:24: tool_policies.rules[0].paths: `5` is not a text or a list; change the value",
  ],
  [
    "a bad effect",
    rule("effects: [writ], decision: block"),
    "a.yaml:3:18: tool_policies.rules[0].effects[0]: `writ` is not one of exec, read, write, delete, network, privilege, secret-access, process, persistence, package-install, vcs, infra, unknown; did you mean `write`?",
  ],
  [
    "a bad id",
    rule('id: "a/b", tool: x, decision: block'),
    "a.yaml:3:12: tool_policies.rules[0].id: an id is 1 to 100 letters, digits, dots, dashes and underscores",
  ],
  [
    "a repeated id",
    `${rule("id: a, tool: x, decision: block")}  rules_after:\n    - {id: a, tool: y, decision: block}`,
    "a.yaml:5:12: tool_policies.rules_after[0].id: duplicate rule id `a`; rename one of the two rules",
  ],
  [
    "an unknown pack",
    "policy_packs: [pr-writr]",
    "a.yaml:1:16: policy_packs[0]: there is no pack `pr-writr`; did you mean `pr-writer`?",
  ],
  [
    "a pack unlike any",
    "policy_packs: [zzz]",
    "a.yaml:1:16: policy_packs[0]: there is no pack `zzz`; the packs are pr-writer, readonly",
  ],
  [
    "a pack named twice",
    "policy_packs: [readonly, readonly]",
    "a.yaml:1:26: policy_packs[1]: pack `readonly` is named twice; remove one",
  ],
  [
    "packs while switched off",
    "policy_packs: [readonly]\ntool_policies: {enabled: false}",
    "a.yaml:2:26: tool_policies.enabled: policy_packs names packs, which `enabled: false` would switch off; set it to true or remove the packs",
  ],
  // upstreams
  [
    "no way to reach an upstream",
    upstream("name: a"),
    "a.yaml:3:7: mcp_gateway.upstreams[0]: the entry has neither url nor command; write one of them",
  ],
  [
    "two ways to reach an upstream",
    upstream("name: a, url: http://x, command: y"),
    "a.yaml:3:41: mcp_gateway.upstreams[0].command: `y` has both url and command; remove one of them",
  ],
  [
    "a URL of another scheme",
    upstream("name: a, url: ftp://x"),
    "a.yaml:3:22: mcp_gateway.upstreams[0].url: `ftp://x` is not an http:// or https:// URL; write it in full",
  ],
  [
    "a password in a URL",
    upstream('name: a, url: "http://u:${KEY}@x"'),
    "a.yaml:3:22: mcp_gateway.upstreams[0].url: the value holds a user name or password; send credentials in `headers`",
  ],
  [
    "arguments for a URL",
    upstream("name: a, url: http://x, args: [y]"),
    "a.yaml:3:38: mcp_gateway.upstreams[0].args: the list is only for an upstream with command; remove args or write command instead of url",
  ],
  [
    "headers for a command",
    upstream("name: a, command: x, headers: {X: y}"),
    "a.yaml:3:38: mcp_gateway.upstreams[0].headers: the entry is only for an upstream with url; remove headers or write url instead of command",
  ],
  [
    "a header of the protocol",
    upstream("name: a, url: http://x, headers: {Host: y}"),
    "a.yaml:3:42: mcp_gateway.upstreams[0].headers.Host: the key `Host` is set by the gateway itself; remove it",
  ],
  [
    "a header with a line break",
    upstream('name: a, url: http://x, headers: {X: "a\\nb"}'),
    "a.yaml:3:45: mcp_gateway.upstreams[0].headers.X: the value holds characters that no header can carry, such as a line break",
  ],
  [
    "an upstream that offers nothing",
    upstream("name: a, url: http://x, tools: []"),
    "a.yaml:3:39: mcp_gateway.upstreams[0].tools: the list offers no tool; name globs or remove the key to offer all",
  ],
  [
    "a repeated upstream",
    `${upstream("name: a, url: http://x")}    - {name: a, command: y}`,
    "a.yaml:4:14: mcp_gateway.upstreams[1].name: duplicate upstream name `a`; rename one of the two",
  ],
  [
    "a template without end",
    'mcp_gateway:\n  targets: [{tool: x, capability: read, target: "{a"}]',
    "a.yaml:2:49: mcp_gateway.targets[0].target: `{a` is not a template; put argument names in braces, for example {owner}/{repo}",
  ],
  // tenants
  [
    "no tenant id",
    "tenants:\n  - id: ''\n    api_keys: [k]",
    "a.yaml:2:9: tenants[0].id: tenants[0]: tenant id must not be empty; name the tenant",
  ],
  [
    "a reserved tenant id",
    "tenants:\n  - id: system\n    api_keys: [k]",
    "a.yaml:2:9: tenants[0].id: tenant id `system` is reserved for the product's own records; choose another",
  ],
  [
    "a repeated tenant id",
    `${tenant("k")}  - {id: a, api_keys: [j]}`,
    'a.yaml:4:10: tenants[1].id: duplicate tenant id "a"; rename one of the two tenants',
  ],
  [
    "a tenant without keys",
    tenant(""),
    'a.yaml:3:15: tenants[0].api_keys: tenant "a": api_keys must not be empty; add a key or remove the tenant',
  ],
  [
    "an empty key",
    tenant('{key: ""}'),
    'a.yaml:3:16: tenants[0].api_keys[0]: tenant "a" api_keys[0]: key must not be empty; write key or key_env',
  ],
  [
    "a key given twice over",
    tenant("{key: x, key_env: KEY}"),
    'a.yaml:3:34: tenants[0].api_keys[0].key_env: tenant "a" api_keys[0]: specify either key or key_env, not both',
  ],
  [
    "a bad role",
    tenant("{key: x, role: boss}"),
    'a.yaml:3:31: tenants[0].api_keys[0].role: role "boss" must be one of viewer, operator, admin, agent',
  ],
  [
    "a repeated key",
    tenant("samekey, {key: samekey}"),
    'a.yaml:3:25: tenants[0].api_keys[1]: tenant "a" api_keys[1]: duplicate api key already used by tenant "a"; give every key one entry',
  ],
  [
    "a repeated key from the environment",
    tenant('{key_env: KEY}, "${KEY}"'),
    'a.yaml:3:32: tenants[0].api_keys[1]: tenant "a" api_keys[1]: duplicate api key already used by tenant "a"; give every key one entry',
  ],
  [
    "a key from an unset variable",
    tenant("{key_env: NOPE}"),
    'a.yaml:3:16: tenants[0].api_keys[0]: tenant "a" api_keys[0]: environment variable "NOPE" is not set; set it to the key before the start',
  ],
  [
    "a key from an empty variable",
    tenant("{key_env: EMPTY}"),
    'a.yaml:3:16: tenants[0].api_keys[0]: tenant "a" api_keys[0]: environment variable "EMPTY" is not set; set it to the key before the start',
  ],
  [
    "a repeated actor",
    tenant("{key: a1, actor: bot}, {key: b1, actor: bot}"),
    'a.yaml:3:56: tenants[0].api_keys[1].actor: tenant "a" api_keys[1]: actor `bot` already has a key; rename one of them',
  ],
  // listeners
  [
    "one port twice",
    "server:\n  port: 8081",
    "a.yaml:1:1: server.admin_port: port 8081 is already used by server.port; choose another",
  ],
  [
    "an open host without keys",
    "server:\n  host: 0.0.0.0",
    "a.yaml:2:9: server.host: `0.0.0.0` is reachable from other machines and no authentication is configured; add a tenant with api_keys or set host to 127.0.0.1",
  ],
  [
    "an open IPv6 host without keys",
    'server:\n  host: "::"',
    "a.yaml:2:9: server.host: `::` is reachable from other machines and no authentication is configured; add a tenant with api_keys or set host to 127.0.0.1",
  ],
  [
    "a name that may lead anywhere",
    "server:\n  host: gateway",
    "a.yaml:2:9: server.host: `gateway` is reachable from other machines and no authentication is configured; add a tenant with api_keys or set host to 127.0.0.1",
  ],
  [
    "an open MCP gate without keys",
    "mcp_gateway:\n  enabled: true\n  host: 10.0.0.1",
    "a.yaml:3:9: mcp_gateway.host: `10.0.0.1` is reachable from other machines and no authentication is configured; add a tenant with api_keys or set host to 127.0.0.1",
  ],
  [
    "an open MCP gate that asks for no key",
    `${tenant("k")}mcp_gateway:\n  enabled: true\n  host: 10.0.0.1\n  require_auth: false`,
    "a.yaml:7:17: mcp_gateway.require_auth: `10.0.0.1` is reachable from other machines and require_auth is false; set require_auth to true or host to 127.0.0.1",
  ],
  // not in this version
  [
    "a block of a later version",
    "providers:\n  - {name: x, type: mock}",
    "a.yaml:1:1: providers: `providers` needs the model gateway, which this version does not have yet; remove the key and the file loads",
  ],
  [
    "a block of a later version, with mistakes in it",
    "cache:\n  enabled: true\n  tttl: 5",
    "a.yaml:1:1: cache: `cache` needs the model gateway, which this version does not have yet; remove the key and the file loads",
  ],
  [
    "a key of a later version in a list",
    `${tenant("k")}    rate_limit: {requests_per_minute: 5}`,
    "a.yaml:4:5: tenants[0].rate_limit: `rate_limit` needs the model gateway, which this version does not have yet; remove the key and the file loads",
  ],
  [
    "the static break-glass switch",
    "policies:\n  break_glass: true",
    "a.yaml:2:3: policies.break_glass: `break_glass` (the static break-glass switch) is not supported; use a grant that expires: run `aegisctl break-glass grant` when it is needed, and remove the key",
  ],
  [
    "permissive mode",
    "policies:\n  governance_mode: permissive",
    "a.yaml:2:3: policies.governance_mode: `governance_mode` (permissive mode) is not supported; use a grant that expires: run `aegisctl break-glass grant` when it is needed, and remove the key",
  ],
  [
    "a slip in a block that is switched off",
    "cache:\n  enabled: false\n  tttl: 5",
    "a.yaml:3:3: cache.tttl: unknown key `tttl`; did you mean `ttl`?",
  ],
];
