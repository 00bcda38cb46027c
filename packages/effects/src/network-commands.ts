/** Programs that reach other machines: which hosts, what they fetch, send and write. */
import type { Field } from "./field.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { type Option, optionSet, scanOptions } from "./scan-options.ts";

export const NETWORK_COMMANDS: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
  ["curl", describeCurl],
  ["wget", describeWget],
  ["ssh", describeSsh],
  ["scp", describeRemoteCopy],
  ["sftp", describeRemoteCopy],
  ["rsync", describeRsync],
  ...[
    "nc",
    "ncat",
    "netcat",
    "socat",
    "telnet",
    "tftp",
    "http",
    "https",
    "httpie",
    "xh",
    "curlie",
    "aria2c",
    "axel",
    "links",
    "lynx",
    "w3m",
    "websocat",
    "grpcurl",
    "mail",
    "sendmail",
    "mosh",
    "rclone",
    "croc",
    "ngrok",
    "cloudflared",
  ].map((name): [string, CommandHandler] => [name, describeConnection]),
  ...["ping", "dig", "nslookup", "host", "whois", "traceroute", "tracepath", "mtr", "nmap", "arp"].map(
    (name): [string, CommandHandler] => [name, describeLookup],
  ),
]);

const CURL_VALUES = optionSet(
  "-A -b -c -C -d -D -e -E -F -h -H -K -m -o -P -Q -r -t -T -u -U -w -x -X -y -Y -z --user-agent --cookie --cookie-jar --continue-at --data --data-ascii --data-binary --data-raw --data-urlencode --json --dump-header --referer --cert --key --cacert --form --form-string --header --config --max-time --connect-timeout --output --output-dir --quote --range --upload-file --user --proxy-user --write-out --proxy --request --time-cond --url --url-query --retry --retry-delay --retry-max-time --resolve --connect-to --interface --limit-rate --max-filesize --max-redirs --netrc-file --unix-socket --abstract-unix-socket --trace --trace-ascii --stderr --capath --ciphers --tls-max --oauth2-bearer --aws-sigv4 --variable --parallel-max --local-port --dns-servers --doh-url --engine --libcurl --etag-save --etag-compare --hsts --alt-svc",
);
const CURL_WRITES = optionSet(
  "-o --output --output-dir -c --cookie-jar -D --dump-header --trace --trace-ascii --stderr --libcurl --etag-save --hsts --alt-svc",
);
const CURL_READS = optionSet("-T --upload-file -E --cert --key --netrc-file --etag-compare");
const CURL_BODIES = optionSet(
  "-d --data --data-ascii --data-binary --data-urlencode --json -F --form -H --header -b --cookie --variable --url-query",
);
const CURL_SENDS = optionSet(
  "-d --data --data-ascii --data-binary --data-raw --data-urlencode --json -F --form --form-string -T --upload-file -Q --quote",
);

function describeCurl(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, {
    values: CURL_VALUES,
    known: optionSet("-O -J -n --netrc -G --get -I --head --remote-name"),
  });
  const urls = [...operands, ...valuesOf(options, optionSet("--url"))];
  const method = valuesOf(options, optionSet("-X --request"))[0]?.text.toUpperCase();
  const sends =
    options.some(({ name }) => CURL_SENDS.has(name)) && !options.some(({ name }) => name === "-G" || name === "--get");
  emitNetwork(invocation, urls, [
    ...(sends || (method ?? "GET") !== "GET" ? ["sends"] : []),
    ...(method === "DELETE" ? ["deletes"] : []),
  ]);
  emitFiles(invocation, "write", valuesOf(options, CURL_WRITES));
  if (options.some(({ name }) => name === "-O" || name === "--remote-name"))
    emitFiles(invocation, "write", urls.map(remoteName));
  emitFiles(invocation, "read", [
    ...valuesOf(options, CURL_READS),
    ...valuesOf(options, CURL_BODIES).flatMap(attachedFile),
  ]);
  if (options.some(({ name }) => name === "-n" || name === "--netrc"))
    emitFiles(invocation, "read", [homeFile("~/.netrc")]);
  if (options.some(({ name }) => name === "-K" || name === "--config"))
    invocation.emitUnknown("`curl` takes its options from a file");
  if (hasDynamic(urls) || hasDynamic(invocation.args))
    invocation.emitUnknown("what `curl` sends, or where to, is not known");
}

const WGET_VALUES = optionSet(
  "-O -o -a -i -B -t -T -w -P -U -e -Q -l -A -R -D -I -X --output-document --output-file --append-output --input-file --base --tries --timeout --wait --directory-prefix --user-agent --execute --quota --level --header --post-data --post-file --body-data --body-file --method --user --password --certificate --private-key --ca-certificate --load-cookies --save-cookies --referer --limit-rate --config --use-askpass",
);

function describeWget(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, { values: WGET_VALUES });
  const sends = options.some(({ name }) => /^--(?:post|body|method)/.test(name));
  emitNetwork(invocation, operands, sends ? ["sends"] : []);
  const named = valuesOf(
    options,
    optionSet("-O -o -a -P --output-document --output-file --append-output --directory-prefix --save-cookies"),
  );
  emitFiles(
    invocation,
    "write",
    named.length > 0 ? named.filter(({ text }) => text !== "-") : operands.map(remoteName),
  );
  emitFiles(
    invocation,
    "read",
    valuesOf(options, optionSet("-i --input-file --post-file --body-file --private-key --load-cookies")),
  );
  if (options.some(({ name }) => /^(?:-e|-i|--execute|--config|--input-file|--use-askpass)$/.test(name))) {
    invocation.emitUnknown("what `wget` does is set elsewhere");
  }
  if (hasDynamic(invocation.args)) invocation.emitUnknown("what `wget` sends, or where to, is not known");
}

const SSH_VALUES = optionSet("-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w");

/** What runs on the other machine is as real as what runs here, and its paths are not ours. */
function describeSsh(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, { values: SSH_VALUES, stopAtOperand: true });
  const [host, ...command] = operands;
  emitNetwork(invocation, host === undefined ? [] : [host], ["remote-command"]);
  emitFiles(invocation, "read", valuesOf(options, optionSet("-i -F")));
  const risky = valuesOf(options, optionSet("-o")).some(({ text }) => /command|include|knownhostscommand/i.test(text));
  if (risky || hasDynamic(invocation.args)) invocation.emitUnknown("what `ssh` runs is not known");
  else if (command.length > 0) invocation.runScript(command.map(({ text }) => text).join(" "), "sub");
  else if (invocation.stdin.kind !== "inherited") invocation.emitUnknown("data is fed to another machine as commands");
}

function describeRemoteCopy(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, {
    values: optionSet("-c -D -F -i -J -l -o -P -S -X -b -B -R -s"),
  });
  emitTransfer(invocation, operands, []);
  emitFiles(invocation, "read", valuesOf(options, optionSet("-i -F -b")));
  if (options.some(({ name }) => name === "-S" || name === "-o" || name === "-b"))
    invocation.emitUnknown(`\`${invocation.name}\` runs what its options say`);
  if (hasDynamic(invocation.args)) invocation.emitUnknown("what is copied, or where to, is not known");
}

function describeRsync(invocation: Invocation): void {
  const { options, operands } = scanOptions(invocation.args, {
    values: optionSet(
      "-e -f -T -B -M --rsh --rsync-path --exclude --include --exclude-from --include-from --files-from --filter --password-file --log-file --partial-dir --temp-dir --backup-dir --port --bwlimit --timeout --chmod --chown --max-size --min-size --out-format",
    ),
    known: optionSet("--delete --delete-after --delete-before --delete-during --delete-excluded --remove-source-files"),
  });
  const deletes = options.some(({ name }) => name.startsWith("--del") || name === "--remove-source-files");
  emitTransfer(invocation, operands, []);
  if (deletes)
    invocation.emit({ kind: "delete", capability: "delete", paths: operands.filter(isLocal), flags: ["recursive"] });
  if (options.some(({ name }) => /^(?:-e|--rsh|--rsync-path|-M)$/.test(name)))
    invocation.emitUnknown("`rsync` runs what its options say");
  if (hasDynamic(invocation.args)) invocation.emitUnknown("what is copied, or where to, is not known");
}

function emitTransfer(invocation: Invocation, operands: readonly Field[], flags: readonly string[]): void {
  const remote = operands.filter((field) => !isLocal(field));
  const last = operands.at(-1);
  if (remote.length > 0)
    emitNetwork(invocation, remote, last !== undefined && !isLocal(last) ? [...flags, "sends"] : flags);
  emitFiles(invocation, "read", operands.slice(0, -1).filter(isLocal));
  if (last !== undefined && isLocal(last)) emitFiles(invocation, "write", [last]);
}

/** `host:path` and `scheme://` are elsewhere; `./a:b` and `C:\x` are here. */
function isLocal({ text }: Field): boolean {
  return !/^[^/]+@?[^/]*:/.test(text) || /^[A-Za-z]:\\/.test(text);
}

function describeConnection(invocation: Invocation): void {
  const operands = invocation.args.filter(({ text }) => !text.startsWith("-"));
  const flags = invocation.args.some(({ text }) => /^-\w*l/.test(text)) ? ["listens"] : [];
  emitNetwork(invocation, operands.slice(0, 1), ["sends", ...flags]);
  const runs = invocation.args.some(({ text }) => /^-\w*[ec]$|^--(?:exec|sh-exec)|exec:|system:/i.test(text));
  emitFiles(
    invocation,
    "read",
    operands.slice(1).flatMap(({ text, ...rest }) => (text.includes("@") ? attachedFile({ text, ...rest }) : [])),
  );
  if (runs) invocation.emitUnknown(`\`${invocation.name}\` connects a program to the network`);
  if (hasDynamic(invocation.args)) invocation.emitUnknown(`where \`${invocation.name}\` connects to is not known`);
}

function describeLookup(invocation: Invocation): void {
  emitNetwork(invocation, invocation.args.filter(({ text }) => !/^[-+]/.test(text)).slice(0, 1), ["lookup"]);
  if (hasDynamic(invocation.args)) invocation.emitUnknown(`what \`${invocation.name}\` asks for is not known`);
}

function emitNetwork(invocation: Invocation, targets: readonly Field[], flags: readonly string[]): void {
  // `curl file:///etc/shadow` reads a file of this machine.
  emitFiles(
    invocation,
    "read",
    targets.flatMap((target) =>
      /^file:/i.test(target.text) ? [{ ...target, text: target.text.replace(/^file:(?:\/\/[^/]*)?/i, "") }] : [],
    ),
  );
  const hosts = [...new Set(targets.flatMap((target) => hostOf(target.text)))];
  invocation.emit({ kind: "network", capability: "execute", hosts, flags });
}

/** The host of a URL, of `user@host:path`, or a bare name. */
export function hostOf(text: string): string[] {
  const url = URL.parse(
    /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
      ? text
      : `http://${text.replace(/^[^@/]*@/, "").replace(/:(?!\d+(?:\/|$)).*$/, "")}`,
  );
  const host = url?.hostname.replace(/\.$/, "") ?? "";
  return host === "" ? [] : [host.toLowerCase()];
}

function emitFiles(invocation: Invocation, kind: "read" | "write", paths: readonly Field[]): void {
  const files = paths.filter(({ text }) => text !== "-");
  if (files.length > 0) invocation.emit({ kind, capability: kind, paths: files });
}

function valuesOf(options: readonly Option[], names: ReadonlySet<string>): Field[] {
  return options.flatMap(({ name, value }) => (names.has(name) && value !== undefined ? [value] : []));
}

/** `@file`, `name=@file`, `name=<file`, `name@file`. */
function attachedFile(field: Field): Field[] {
  const found = /^(?:[^=@<]*=)?[@<]([^;]+)|^[^=@]+@([^;]+)$/.exec(field.text);
  const text = found?.[1] ?? found?.[2];
  return text === undefined || text === "-" ? [] : [{ ...field, text, tilde: text.startsWith("~") }];
}

function remoteName(field: Field): Field {
  const name =
    field.text
      .replace(/[?#].*$/, "")
      .replace(/^[a-z]+:\/\//i, "")
      .split("/")
      .slice(1)
      .at(-1) ?? "";
  return { ...field, text: name === "" ? "index.html" : name, tilde: false };
}

function homeFile(text: string): Field {
  return { text, dynamic: false, glob: false, tilde: true };
}
