/**
 * Programs that look at or change files, as data: what their operands are, which options take values, name files or
 * run other programs. A program that is not in any table is an `exec` whose effects nobody knows.
 */
import { type OptionSpec, optionSet } from "./scan-options.ts";

/**
 * read: contents are read · names: only names and attributes · text: operands are words, not files ·
 * pattern: first operand is a pattern, the rest are read · write, delete · copy: last is written, others read ·
 * move: last is written, others deleted · mode: first is a mode or owner, the rest are changed ·
 * filter: first is read, second written · replace: read and rewritten in place
 */
export type OperandRole =
  | "read"
  | "names"
  | "text"
  | "pattern"
  | "write"
  | "delete"
  | "copy"
  | "move"
  | "mode"
  | "filter"
  | "replace";

export interface FileCommand {
  readonly role: OperandRole;
  readonly spec: OptionSpec;
  /** Options whose value is a file that is read or written. */
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
  /** Options that make it run programs or do what is not modelled. */
  readonly runs: ReadonlySet<string>;
  /** Options that state a fact. */
  readonly flags: Readonly<Record<string, string>>;
  /** Options that change what the operands are. */
  readonly roles: Readonly<Record<string, OperandRole>>;
  /** How facts are written in the words that rules see, in this order. */
  readonly canonical: Readonly<Record<string, string>>;
}

interface Row {
  readonly role: OperandRole;
  readonly values?: string;
  readonly reads?: string;
  readonly writes?: string;
  readonly runs?: string;
  readonly flags?: Readonly<Record<string, string>>;
  readonly roles?: Readonly<Record<string, OperandRole>>;
  readonly canonical?: Readonly<Record<string, string>>;
}

const RECURSIVE = { "-r": "recursive", "-R": "recursive", "--recursive": "recursive" };
const FORCE = { "-f": "force", "--force": "force" };
const COPY_VALUES =
  "-S --suffix -m --mode -o --owner -g --group --backup --context -Z --preserve --no-preserve --sparse --reflink";
const GREP_VALUES =
  "-m --max-count -A -B -C --after-context --before-context --context --include --exclude --exclude-dir --color --colour --label -d -D --binary-files --directories --devices";
const GREP: Row = {
  role: "pattern",
  values: GREP_VALUES,
  reads: "-f --file --exclude-from",
  roles: { "-e": "read", "--regexp": "read", "-f": "read", "--file": "read" },
};

const ROWS: Readonly<Record<string, Row>> = {
  "echo : true false yes seq expr sleep cal basename dirname pwd whoami id groups uname arch nproc uptime tty tput clear reset which whereis type locale getconf ps pgrep free vmstat iostat w who last users tr factor numfmt let shopt ulimit umask wait jobs times hash return break continue exit shift getopts mktemp logname cowsay figlet man info apropos whatis tldr help logger sw_vers lsb_release lscpu lsblk lsusb lspci lsmod dmesg journalctl bind compgen complete disown fg bg suspend":
    { role: "text" },
  printf: { role: "text", values: "-v" },
  date: { role: "text", values: "-d --date -I", reads: "-r --reference -f --file", runs: "-s --set" },
  "ls dir vdir ll exa eza lsd": { role: "names" },
  "stat realpath readlink du df lsof test [ cksum-names locate": {
    role: "names",
    values: "-c --format --printf -f -t --block-size -d --max-depth --exclude -p -u -i",
  },
  tree: { role: "names", values: "-L -P -I -H -T --charset --filelimit", writes: "-o" },
  file: { role: "names", values: "-F --separator -P", reads: "-f --files-from -m --magic-file", runs: "-C --compile" },
  "cat tac nl od hexdump hd strings fold fmt expand unexpand rev paste join comm cmp tsort column zcat zless zmore bzcat xzcat zstdcat bat batcat pr sum readelf objdump nm size look ul glow":
    { role: "read", values: "-n -w -s -d -t -N -A -j --width --delimiter" },
  "head tail": { role: "read", values: "-n -c --lines --bytes -s --sleep-interval --pid --max-unchanged-stats" },
  wc: { role: "read", reads: "--files0-from" },
  cut: { role: "read", values: "-d -f -c -b --delimiter --fields --characters --bytes --output-delimiter" },
  "less more most": {
    role: "read",
    values: "-p -P -t -T -x -b -h -j -y -z",
    writes: "-o -O --log-file --LOG-FILE",
    runs: "-k --lesskey-file --lesskey-src",
  },
  "diff colordiff": {
    role: "read",
    values: "-U -C -W -I -x --unified --context --width --exclude --label -L --color --horizon-lines",
    reads: "-X --exclude-from --from-file --to-file",
  },
  sdiff: { role: "read", values: "-w -I", writes: "-o --output", runs: "--diff-program" },
  "base64 base32 basenc": { role: "read", values: "-w --wrap" },
  "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum shasum md5": {
    role: "read",
    values: "-a --algorithm",
  },
  iconv: { role: "read", values: "-f -t --from-code --to-code", writes: "-o --output" },
  sort: {
    role: "read",
    values: "-k -t -S -T --key --field-separator --buffer-size --parallel --sort --batch-size --temporary-directory",
    reads: "--files0-from --random-source",
    writes: "-o --output",
    runs: "--compress-program",
  },
  shuf: {
    role: "read",
    values: "-n -i --head-count --input-range",
    reads: "--random-source",
    writes: "-o --output",
    roles: { "-e": "text", "--echo": "text" },
  },
  uniq: { role: "filter", values: "-f -s -w --skip-fields --skip-chars --check-chars" },
  xxd: { role: "filter", values: "-c -g -l -o -s -n" },
  "grep egrep fgrep zgrep zegrep bzgrep": GREP,
  "rg ripgrep": {
    ...GREP,
    values: `${GREP_VALUES} -g --glob --iglob -t --type -T --type-not -M --max-columns -j --threads --sort --sortr -r --replace -E --encoding --max-depth --max-filesize --type-add --engine --colors --context-separator --path-separator --field-match-separator`,
    reads: "-f --file --ignore-file",
    runs: "--pre --hostname-bin",
    roles: { ...GREP.roles, "--files": "names", "--type-list": "text" },
  },
  "ag ack": { ...GREP, values: `${GREP_VALUES} -G --file-search-regex --ignore --depth --workers`, runs: "--pager" },
  jq: {
    role: "pattern",
    values: "--indent --tab-width --arg --argjson",
    reads: "-f --from-file --slurpfile --rawfile -L",
    roles: { "-n": "pattern", "-f": "read", "--from-file": "read" },
  },
  yq: {
    role: "pattern",
    values: "-o --output-format -p --input-format -I --indent",
    reads: "--from-file",
    roles: { "-i": "replace", "--inplace": "replace" },
  },
  xmllint: { role: "read", values: "--xpath --encode", reads: "--schema --dtdvalid --relaxng", writes: "--output -o" },
  tee: { role: "write", values: "--output-error" },
  touch: { role: "write", values: "-d -t --date --time", reads: "-r --reference" },
  mkdir: { role: "write", values: "-m --mode -Z --context" },
  truncate: { role: "write", values: "-s --size", reads: "-r --reference" },
  split: {
    role: "filter",
    values: "-a -b -C -l -n --suffix-length --bytes --line-bytes --lines --number --additional-suffix",
    runs: "--filter",
  },
  rm: {
    role: "delete",
    flags: { ...RECURSIVE, ...FORCE },
    values: "--interactive",
    canonical: { recursive: "-r", force: "-f" },
  },
  "rmdir unlink trash trash-put": { role: "delete" },
  shred: { role: "delete", values: "-n -s --iterations --size --random-source", flags: FORCE },
  cp: {
    role: "copy",
    values: COPY_VALUES,
    flags: { ...RECURSIVE, ...FORCE, "-a": "recursive", "--archive": "recursive" },
  },
  mv: { role: "move", values: COPY_VALUES, flags: FORCE },
  ln: { role: "copy", values: COPY_VALUES, flags: { ...FORCE, "-s": "symlink", "--symbolic": "symlink" } },
  install: { role: "copy", values: COPY_VALUES, runs: "--strip-program" },
  chmod: { role: "mode", flags: RECURSIVE, reads: "--reference", canonical: { recursive: "-R" } },
  "chown chgrp chattr setfacl setfattr xattr": {
    role: "mode",
    values: "--from -m -x -n -v",
    flags: RECURSIVE,
    reads: "--reference",
    canonical: { recursive: "-R" },
  },
  patch: {
    role: "replace",
    values: "-p -d -F -B -z -V -D -Y --strip --directory --fuzz",
    reads: "-i --input",
    writes: "-o --output -r --reject-file",
  },
  "gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4 compress uncompress": {
    role: "replace",
    values: "-S --suffix -T --threads",
    roles: { "-c": "read", "--stdout": "read", "-l": "names", "-t": "read" },
    writes: "-o",
  },
  unzip: { role: "read", values: "-x -P", writes: "-d" },
};

export const FILE_COMMANDS: ReadonlyMap<string, FileCommand> = new Map(
  Object.entries(ROWS).flatMap(([names, row]) => {
    const command = toCommand(row);
    return names.split(" ").map((name): [string, FileCommand] => [name, command]);
  }),
);

function toCommand(row: Row): FileCommand {
  const reads = optionSet(row.reads ?? "");
  const writes = optionSet(row.writes ?? "");
  const runs = optionSet(row.runs ?? "");
  const targetDirectory = row.role === "copy" || row.role === "move" ? ["-t", "--target-directory"] : [];
  const known = [...Object.keys(row.flags ?? {}), ...Object.keys(row.roles ?? {}), ...runs];
  const patterns = row.role === "pattern" ? ["-e", "--regexp"] : [];
  return {
    role: row.role,
    spec: {
      values: new Set([...optionSet(row.values ?? ""), ...reads, ...writes, ...targetDirectory, ...patterns]),
      known: new Set(known),
    },
    reads,
    writes: new Set([...writes, ...targetDirectory]),
    runs,
    flags: row.flags ?? {},
    roles: row.roles ?? {},
    canonical: row.canonical ?? {},
  };
}
