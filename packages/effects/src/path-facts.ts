/**
 * Where a path is and what that means: inside the workspace or not, a system folder, a device, somebody's home, a
 * place from which things are run later. Lexical; the gate that executes resolves symlinks.
 */
import { normalizePath } from "@aegisflow/core/policy/normalize-target";
import type { Field } from "./field.ts";

export interface PathWorld {
  /** Absolute folder the agent works in; relative paths are taken to be inside it. */
  readonly workspace?: string;
  /** Absolute home folder: `~` stands for it. */
  readonly home?: string;
}

/** The path as effects show it: relative when inside the workspace, else absolute, `~/…` or `../…`. */
export function resolvePath(field: Field, cwd: string | undefined, world: PathWorld): string {
  let text = field.text;
  if (field.tilde && world.home !== undefined && /^~(?:\/|$)/.test(text)) text = world.home + text.slice(1);
  const anchored = text.startsWith("/") || (field.tilde && text.startsWith("~"));
  const joined = anchored ? text : `${field.text.startsWith("~") ? "./" : ""}${text}`;
  const path = normalizePath(anchored || cwd === undefined || cwd === "" ? joined : `${cwd}/${joined}`);
  return relativeTo(world.workspace, path);
}

function relativeTo(workspace: string | undefined, path: string): string {
  if (workspace === undefined) return path;
  const root = normalizePath(workspace);
  if (path.startsWith("..")) return normalizePath(`${root}/${path}`);
  if (path === root) return ".";
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** Facts of a path, as flags of an effect. */
export function pathFlags(path: string): readonly string[] {
  const flags: string[] = [];
  if (isOutside(path)) flags.push(TEMPORARY.test(path) ? "temporary" : "outside-workspace");
  if (/^\/(?:[*?.]*\/?)*$/.test(path)) flags.push("root", "system");
  else if (SYSTEM.test(path)) flags.push("system");
  if (/^(?:~[^/]*|\/(?:home|Users)(?:\/[^/]+)?|\/root)(?:\/[*.]+)?$/.test(path)) flags.push("home");
  if (/^(?:\.|\*|\.\/\*|\.\*|\*\*)$/.test(path)) flags.push("workspace-root");
  if (isDevice(path)) flags.push("device");
  if (/(?:^|\/)\.git(?:\/|$)/.test(path)) flags.push("git-internal");
  if (PERSISTENT.test(path.toLowerCase())) flags.push("persistence");
  return flags;
}

function isOutside(path: string): boolean {
  return path.startsWith("/") || path.startsWith("~") || path === ".." || path.startsWith("../");
}

const TEMPORARY = /^(?:\/private)?(?:\/tmp|\/var\/tmp)\/./;
const SYSTEM =
  /^\/(?:bin|boot|dev|efi|etc|lib|lib32|lib64|opt|proc|root|run|sbin|srv|sys|usr|var|System|Library|Applications|Windows|mnt|media|snap)(?:\/|$|\*)/;

/** Sinks and terminals: reading or writing them changes nothing. */
export function isHarmlessDevice(path: string): boolean {
  return /^\/dev\/(?:null|zero|full|stdin|stdout|stderr|tty|u?random|fd\/\d+)$/.test(path);
}

export function isDevice(path: string): boolean {
  return /^\/dev\/./.test(path) && !isHarmlessDevice(path) && !/^\/dev\/(?:shm|pts|tcp|udp)\//.test(path);
}

/** Files that somebody's shell, scheduler, login, editor, agent or git will run or obey later. */
const PERSISTENT = new RegExp(
  [
    String.raw`(?:^|\/)\.(?:bashrc|bash_profile|bash_login|bash_logout|profile|zshrc|zprofile|zshenv|zlogin|kshrc|cshrc|xprofile|xinitrc|inputrc)$`,
    String.raw`(?:^|\/)\.config\/(?:fish|systemd|autostart)(?:\/|$)`,
    String.raw`^\/etc\/(?:profile|bash\.bashrc|environment|crontab|rc\.local|ld\.so\.|sudoers|pam\.d|systemd|cron|init|passwd|shadow|group|hosts$|ssh\/)`,
    String.raw`^\/(?:var\/spool\/cron|usr\/lib\/systemd|lib\/systemd)`,
    String.raw`\/library\/launch(?:agents|daemons)(?:\/|$)`,
    String.raw`(?:^|\/)\.ssh\/(?:authorized_keys2?|rc|config|environment)$`,
    String.raw`(?:^|\/)\.git\/(?:hooks(?:\/|$)|config$)`,
    String.raw`(?:^|\/)\.(?:gitconfig|gitmodules|husky)(?:\/|$)`,
    String.raw`(?:^|\/)\.(?:claude|cursor|codex|gemini|vscode|idea|devcontainer)\/[^/]*(?:settings|mcp|tasks|launch|hooks|config|rules|devcontainer)[^/]*$`,
    String.raw`(?:^|\/)\.mcp\.json$`,
  ].join("|"),
);
