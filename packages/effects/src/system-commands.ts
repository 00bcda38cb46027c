/** Programs that act on the machine itself: power, devices, processes, accounts, schedulers, archives. */
import { type Field, globField } from "./field.ts";
import { type CommandHandler, hasDynamic, type Invocation } from "./invocation.ts";
import { optionSet, scanOptions } from "./scan-options.ts";

const POWER = "shutdown reboot halt poweroff telinit";
const DEVICES =
  "fdisk sfdisk gdisk sgdisk parted wipefs blkdiscard mkswap cryptsetup hdparm losetup mdadm lvremove vgremove pvremove badblocks diskutil dmsetup";
const ACCOUNTS =
  "useradd adduser usermod userdel deluser groupadd groupdel groupmod passwd chpasswd visudo vipw chsh gpasswd sudoedit newgrp sg";
const KERNEL =
  "mount umount swapon swapoff sysctl modprobe insmod rmmod iptables ip6tables nft ufw firewall-cmd setenforce setcap kexec ifconfig route brctl tc nmcli hostnamectl timedatectl update-alternatives update-grub grub-install dpkg-reconfigure spctl csrutil nvram launchctl bcdedit";
const KILL = "kill pkill killall killall5 skill xkill renice";
const SCHEDULE = "at batch atrm";
const SECRETS =
  "security pass op bw lpass secret-tool keyring gopass chamber aws-vault sops age gpg gpg2 ssh-add ssh-keygen ssh-agent ssh-copy-id keyctl certutil";

export const SYSTEM_COMMANDS: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
  ...named(POWER, powerOff),
  ...named(DEVICES, changeDevice),
  ...named(`${ACCOUNTS} ${KERNEL}`, administer),
  ...named(KILL, killProcesses),
  ...named(SCHEDULE, schedule),
  ...named(SECRETS, useSecrets),
  ...named(
    "mkfs newfs mke2fs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mkfs.f2fs mkfs.exfat",
    changeDevice,
  ),
  ["init", changeRunLevel],
  ["systemctl", controlServices],
  ["service", controlServices],
  ["crontab", editCrontab],
  ["dd", copyBlocks],
  ["tar", archive],
  ["bsdtar", archive],
  ["zip", writeArchive],
  ["7z", writeArchive],
  ["printenv", (invocation) => invocation.emit({ kind: "read", capability: "read", flags: ["environment"] })],
  [
    "hostname",
    (invocation) =>
      invocation.args.some(({ text }) => !text.startsWith("-")) ? administer(invocation) : look(invocation),
  ],
  [
    "ip",
    (invocation) =>
      invocation.args.some(({ text }) => /^(?:add|del|delete|set|flush|change|replace|exec)$/.test(text))
        ? administer(invocation)
        : look(invocation),
  ],
  ["netstat", look],
  ["ss", look],
  ["top", look],
  ["htop", look],
]);

function named(names: string, handler: CommandHandler): [string, CommandHandler][] {
  return names.split(" ").map((name) => [name, handler]);
}

function look(invocation: Invocation): void {
  invocation.emit({ kind: "read", capability: "read" });
}

function powerOff(invocation: Invocation): void {
  invocation.emit({ kind: "process", capability: "delete", flags: ["system-power"] });
}

/** Run levels 0 and 6 stop the machine; `init 10` is not one, and other projects call their tools `init` too. */
function changeRunLevel(invocation: Invocation): void {
  const level = invocation.args[0];
  if (level?.dynamic === false && /^[06]$/.test(level.text)) powerOff(invocation);
  else if (level?.dynamic === false && /^[1-5sS]$/.test(level.text)) administer(invocation);
  else invocation.emit({ kind: "exec", capability: "execute" });
}

function changeDevice(invocation: Invocation): void {
  const paths = invocation.args.filter(({ text }) => !text.startsWith("-"));
  invocation.emit({ kind: "delete", capability: "delete", paths, flags: ["device"] });
}

function administer(invocation: Invocation): void {
  invocation.emit({ kind: "privilege", capability: "execute" });
  if (hasDynamic(invocation.args)) invocation.emitUnknown(`what \`${invocation.name}\` changes is not known`);
}

function killProcesses(invocation: Invocation): void {
  const onlyLists =
    invocation.args.length > 0 &&
    invocation.args.every(({ text }) => text === "-l" || text === "-L" || text === "--list");
  const everything = invocation.args.some(({ text }, index) => index > 0 && (text === "-1" || text === "1"));
  if (onlyLists) look(invocation);
  else invocation.emit({ kind: "process", capability: "delete", flags: everything ? ["everything"] : [] });
}

function schedule(invocation: Invocation): void {
  invocation.emit({ kind: "persistence", capability: "execute" });
  invocation.emitUnknown(`\`${invocation.name}\` runs its input later`);
}

function editCrontab(invocation: Invocation): void {
  const { options } = scanOptions(invocation.args, { values: optionSet("-u") });
  const names = options.map(({ name }) => name);
  if (names.includes("-l")) look(invocation);
  else if (names.includes("-r")) invocation.emit({ kind: "delete", capability: "delete", flags: ["persistence"] });
  else invocation.emit({ kind: "persistence", capability: "execute" });
}

function useSecrets(invocation: Invocation): void {
  invocation.emit({ kind: "secret-access", capability: "execute" });
}

function controlServices(invocation: Invocation): void {
  const [first = "", second = ""] = invocation.args.flatMap(({ text }) => (text.startsWith("-") ? [] : [text]));
  const verb = invocation.name === "service" ? second : first;
  if (/^(?:poweroff|reboot|halt|kexec|suspend|hibernate|hybrid-sleep|emergency|rescue|soft-reboot|isolate)$/.test(verb))
    powerOff(invocation);
  else if (/^(?:status|show|cat|list-.*|is-.*|get-default|help|)$/.test(verb)) look(invocation);
  else if (
    /^(?:enable|reenable|link|mask|edit|preset|set-default|add-.*|import-environment|set-environment)$/.test(verb)
  ) {
    invocation.emit({ kind: "persistence", capability: "execute" });
  } else invocation.emit({ kind: "process", capability: "execute" });
  if (hasDynamic(invocation.args)) invocation.emitUnknown(`what \`${invocation.name}\` does is not known`);
}

function copyBlocks(invocation: Invocation): void {
  const file = (key: string): Field[] =>
    invocation.args.flatMap((field) =>
      field.text.startsWith(`${key}=`) ? [{ ...field, text: field.text.slice(key.length + 1), tilde: false }] : [],
    );
  if (file("if").length > 0) invocation.emit({ kind: "read", capability: "read", paths: file("if") });
  invocation.emit({ kind: "write", capability: "write", paths: file("of") });
  if (hasDynamic(invocation.args)) invocation.emitUnknown("what `dd` reads or writes is not known");
}

const TAR_RUNS =
  /^(?:--to-command|--checkpoint-action|--use-compress-program|--rsh-command|--rmt-command|--info-script|--new-volume-script|-I|-F)/;

/** Modes may be written without a dash: `tar xzf file`. */
function archive(invocation: Invocation): void {
  const [first, ...rest] = invocation.args;
  const old = first !== undefined && /^[A-Za-z]+$/.test(first.text);
  const words = old ? [{ ...first, text: `-${first.text}` }, ...rest] : invocation.args;
  const { options, operands } = scanOptions(words, {
    values: optionSet(
      "-f -C -T -X -b -g -H -I -F -V -N --file --directory --files-from --exclude --exclude-from --transform --xform --owner --group --mode --strip-components --use-compress-program --to-command --checkpoint-action --rsh-command --rmt-command --info-script --new-volume-script",
    ),
    known: optionSet("--create --extract --get --list --append --update --delete --diff --remove-files"),
  });
  const has = (...names: readonly string[]): boolean => options.some(({ name }) => names.includes(name));
  const value = (...names: readonly string[]): Field[] =>
    options.flatMap(({ name, value: given }) => (names.includes(name) && given !== undefined ? [given] : []));
  const file = value("-f", "--file").filter(({ text }) => text !== "-");
  const folder = value("-C", "--directory");
  if (has("-x", "--extract", "--get")) {
    invocation.emit({ kind: "read", capability: "read", paths: file });
    invocation.emit({ kind: "write", capability: "write", paths: folder.length > 0 ? folder : [globField("**")] });
  } else if (has("-t", "--list", "-d", "--diff")) invocation.emit({ kind: "read", capability: "read", paths: file });
  else {
    invocation.emit({ kind: "read", capability: "read", paths: operands });
    if (file.length > 0) invocation.emit({ kind: "write", capability: "write", paths: file });
    if (has("--remove-files", "--delete")) invocation.emit({ kind: "delete", capability: "delete", paths: operands });
  }
  if (options.some(({ name }) => TAR_RUNS.test(name)) || has("-P", "--absolute-names"))
    invocation.emitUnknown("`tar` runs programs or writes outside of its folder");
  if (has("-T", "--files-from") || hasDynamic(invocation.args))
    invocation.emitUnknown("which files `tar` handles is not known");
}

function writeArchive(invocation: Invocation): void {
  const operands = invocation.args.filter(({ text }) => !text.startsWith("-"));
  const [target, ...sources] = invocation.name === "7z" ? operands.slice(1) : operands;
  invocation.emit({ kind: "read", capability: "read", paths: sources });
  if (target !== undefined) invocation.emit({ kind: "write", capability: "write", paths: [target] });
  const runs = invocation.args.some(({ text }) => /^-\w*TT?$|^--unzip-command|^-\w*m/.test(text));
  if (runs || hasDynamic(invocation.args))
    invocation.emitUnknown(`what \`${invocation.name}\` runs or packs is not known`);
}
