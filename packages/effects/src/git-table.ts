/** The commands of git, as data: what each does by itself, by its verbs and by its options. */
import { optionSet } from "./scan-options.ts";

/** look: reads · change: commits, branches, index · discard: loses work or refs · fetch: talks to a remote · run. */
export type GitOutcome = "look" | "change" | "discard" | "fetch" | "run";

export interface GitSubcommand {
  readonly outcome: GitOutcome;
  /** Without operands it does only this. */
  readonly bare: GitOutcome | undefined;
  /** First operand, such as `stash list`. */
  readonly verbs: ReadonlyMap<string, GitOutcome>;
  /** Options that decide the outcome; of several the strictest wins. */
  readonly options: ReadonlyMap<string, GitOutcome>;
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly canonical: ReadonlyMap<string, string>;
  readonly values: ReadonlySet<string>;
  readonly known: ReadonlySet<string>;
  /** Options that start a program. */
  readonly runs: ReadonlySet<string>;
  /** `--output` writes a file. */
  readonly writes: boolean;
  /** Operands are files, or only those after `--`. */
  readonly paths: "operands" | "after-dashes" | undefined;
  /** Operands are words, so a name of a secret in them is none. */
  readonly messages: boolean;
}

interface Row {
  readonly outcome: GitOutcome;
  readonly bare?: GitOutcome;
  readonly look?: string;
  readonly change?: string;
  readonly discard?: string;
  readonly fetch?: string;
  readonly run?: string;
  readonly flags?: Readonly<Record<string, string>>;
  readonly canonical?: Readonly<Record<string, string>>;
  readonly values?: string;
  readonly runs?: string;
  readonly writes?: boolean;
  readonly paths?: GitSubcommand["paths"];
  readonly messages?: boolean;
}

const LOG_VALUES =
  "-n --max-count --skip --since --until --after --before --author --committer --grep --format --date -L -S -G -O --output --diff-filter -U --unified -l --encoding --decorate-refs --word-diff-regex";
const LOOK: Row = {
  outcome: "look",
  values: LOG_VALUES,
  runs: "--ext-diff --open-files-in-pager -O",
  writes: true,
  paths: "after-dashes",
};
const FORCE = { "-f": "force", "--force": "force" };

const ROWS: Readonly<Record<string, Row>> = {
  "log diff show shortlog whatchanged range-diff format-patch": { ...LOOK, runs: "--ext-diff" },
  reflog: { ...LOOK, discard: "expire delete drop" },
  "status rev-parse rev-list describe blame annotate ls-tree cat-file name-rev merge-base for-each-ref show-ref show-branch count-objects fsck verify-commit verify-tag check-ignore check-attr check-ref-format cherry diff-tree diff-index diff-files diff-pair var version help get-tar-commit-id merge-tree patch-id stripspace interpret-trailers column mailinfo mailsplit request-pull verify-pack ls-files unpack-file bugreport diagnose":
    { ...LOOK, runs: "--ext-diff" },
  grep: {
    outcome: "look",
    values: "-e -f -A -B -C -m --max-depth --threads",
    runs: "-O --open-files-in-pager --ext-grep",
    paths: "after-dashes",
  },
  "ls-remote": { outcome: "fetch", runs: "--upload-pack --exec" },
  branch: {
    outcome: "change",
    bare: "look",
    look: "-l --list -a --all -r --remotes -v -vv --show-current --contains --no-contains --merged --no-merged --points-at --format",
    discard: "-d -D --delete",
    values: "-u --set-upstream-to --contains --no-contains --merged --no-merged --points-at --format --sort",
    flags: { ...FORCE, "-D": "force", "-M": "force", "-C": "force", "-d": "delete", "--delete": "delete" },
    canonical: { delete: "--delete" },
  },
  tag: {
    outcome: "change",
    bare: "look",
    look: "-l --list -n -v --verify --contains --points-at --merged",
    discard: "-d --delete",
    values: "-m --message -F --file -u --local-user --sort --format --points-at --contains",
    flags: { ...FORCE, "-d": "delete", "--delete": "delete" },
    messages: true,
  },
  "add stage": {
    outcome: "change",
    values: "--chmod --pathspec-from-file",
    flags: { ...FORCE, "-A": "all", "--all": "all" },
    paths: "operands",
  },
  commit: {
    outcome: "change",
    values:
      "-m --message -F --file -C -c --reuse-message --reedit-message --fixup --squash --author --date -t --template --cleanup --trailer -S --gpg-sign -u --pathspec-from-file",
    flags: { "--amend": "amend", "-n": "no-verify", "--no-verify": "no-verify", "-a": "all", "--all": "all" },
  },
  checkout: {
    outcome: "change",
    values: "-b -B --orphan --conflict --pathspec-from-file",
    discard: "-f --force",
    flags: { ...FORCE, "-B": "force" },
    paths: "after-dashes",
  },
  switch: {
    outcome: "change",
    values: "-c -C --create --force-create --orphan --conflict",
    discard: "-f --force --discard-changes",
    flags: { ...FORCE, "--discard-changes": "force", "-C": "force" },
  },
  restore: {
    outcome: "discard",
    values: "-s --source --conflict --pathspec-from-file",
    flags: { "-S": "staged", "--staged": "staged" },
    change: "-S --staged",
    paths: "operands",
  },
  reset: {
    outcome: "change",
    values: "--pathspec-from-file",
    discard: "--hard --merge",
    flags: { "--hard": "hard", "--merge": "hard" },
    canonical: { hard: "--hard" },
  },
  clean: {
    outcome: "discard",
    look: "-n --dry-run",
    values: "-e --exclude",
    flags: { ...FORCE, "-d": "directories", "-x": "ignored", "-X": "ignored" },
    canonical: { force: "-f", directories: "-d", ignored: "-x" },
    paths: "operands",
  },
  rm: {
    outcome: "discard",
    look: "-n --dry-run",
    change: "--cached",
    flags: { ...FORCE, "-r": "recursive", "--cached": "cached" },
    canonical: { recursive: "-r", force: "-f" },
    paths: "operands",
    values: "--pathspec-from-file",
  },
  mv: { outcome: "change", flags: FORCE, paths: "operands" },
  stash: { outcome: "change", look: "list show", discard: "drop clear", values: "-m --message --pathspec-from-file" },
  "merge cherry-pick revert am apply pull-request": {
    outcome: "change",
    values:
      "-m --message -F --file -s --strategy -X --strategy-option -S --mainline --into-name --exclude --include --directory -p -C --cleanup",
    flags: FORCE,
  },
  rebase: {
    outcome: "change",
    values: "--onto -s --strategy -X -C --whitespace --exec -x --empty",
    run: "-x --exec",
    runs: "-x --exec",
    flags: { ...FORCE, "-i": "interactive", "--interactive": "interactive" },
  },
  fetch: {
    outcome: "fetch",
    values:
      "--depth --deepen --shallow-since -j --jobs -o --server-option --upload-pack --filter --refmap --recurse-submodules",
    runs: "--upload-pack",
    flags: { ...FORCE, "-p": "prune", "--prune": "prune" },
  },
  pull: { outcome: "fetch", values: "--depth -s --strategy -X -j --upload-pack", runs: "--upload-pack", flags: FORCE },
  clone: {
    outcome: "fetch",
    values:
      "-b --branch -o --origin -c --config --depth --reference --separate-git-dir -j --jobs --template --filter -u --upload-pack --shallow-since --server-option --bundle-uri",
    runs: "-u --upload-pack -c --config --template",
  },
  remote: {
    outcome: "change",
    bare: "look",
    look: "show get-url -v --verbose",
    discard: "remove rm prune",
    values: "-t -m",
  },
  config: {
    outcome: "change",
    look: "list get --get --get-all --get-regexp --get-urlmatch -l --list --show-origin --get-color",
    discard: "unset remove-section --unset --unset-all --remove-section",
    values: "-f --file --blob --type --default",
    runs: "",
  },
  worktree: { outcome: "change", look: "list", discard: "remove prune", values: "-b -B --reason", flags: FORCE },
  submodule: {
    outcome: "change",
    bare: "look",
    look: "status summary",
    discard: "deinit",
    fetch: "update add",
    run: "foreach",
    runs: "",
  },
  bisect: { outcome: "change", look: "log view visualize", run: "run" },
  notes: {
    outcome: "change",
    bare: "look",
    look: "list show get-ref",
    discard: "remove prune",
    values: "-m -F -C -c --ref",
    messages: true,
  },
  "init init-db": {
    outcome: "change",
    values: "-b --initial-branch --template --separate-git-dir --object-format --shared",
    runs: "--template",
    paths: "operands",
  },
  "sparse-checkout update-index read-tree write-tree commit-tree commit-graph multi-pack-index pack-refs repack maintenance lfs bundle archive symbolic-ref mktree hash-object index-pack pack-objects unpack-objects rerere replace subtree checkout-index merge-file merge-index fmt-merge-msg mktag backfill scalar":
    {
      outcome: "change",
      values: "-o --output --prefix --format -m --remote --exec",
      runs: "--exec",
      writes: true,
      look: "--list",
    },
  gc: { outcome: "change", values: "--window --depth", flags: { "--prune": "prune" }, discard: "--prune" },
  prune: { outcome: "discard", look: "-n --dry-run" },
  "update-ref": { outcome: "change", discard: "-d --delete", values: "-m" },
  "filter-branch filter-repo": {
    outcome: "run",
    values:
      "--tree-filter --index-filter --msg-filter --env-filter --commit-filter --tag-name-filter --parent-filter --subdirectory-filter --path --path-glob -d",
    runs: "--tree-filter --index-filter --msg-filter --env-filter --commit-filter --tag-name-filter --parent-filter --setup",
    flags: { ...FORCE, "--invert-paths": "invert" },
  },
  "difftool mergetool instaweb daemon gui gitk citool web--browse send-email imap-send credential credential-store credential-cache credential-manager fast-import fast-export svn p4 cvsimport hook http-backend shell upload-pack receive-pack upload-archive remote-https remote-ext for-each-repo":
    { outcome: "run" },
};

export const GIT_SUBCOMMANDS: ReadonlyMap<string, GitSubcommand> = new Map(
  Object.entries(ROWS).flatMap(([names, row]) => {
    const entry = toEntry(row);
    return names.split(" ").map((name): [string, GitSubcommand] => [name, entry]);
  }),
);

function toEntry(row: Row): GitSubcommand {
  const verbs = new Map<string, GitOutcome>();
  const options = new Map<string, GitOutcome>();
  for (const outcome of ["discard", "run", "fetch", "change", "look"] as const) {
    for (const word of optionSet(row[outcome] ?? "")) (word.startsWith("-") ? options : verbs).set(word, outcome);
  }
  const flags = Object.entries(row.flags ?? {}).map(([option, fact]): [string, readonly string[]] => [option, [fact]]);
  const runs = optionSet(row.runs ?? "");
  return {
    outcome: row.outcome,
    bare: row.bare,
    verbs,
    options,
    flags: new Map(flags),
    canonical: new Map(Object.entries(row.canonical ?? {})),
    values: optionSet(row.values ?? ""),
    known: new Set([...options.keys(), ...flags.map(([option]) => option), ...runs]),
    runs,
    writes: row.writes ?? false,
    paths: row.paths,
    messages: row.messages ?? false,
  };
}
