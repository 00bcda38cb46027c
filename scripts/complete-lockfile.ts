/**
 * `bun scripts/complete-lockfile.ts [--check]`: npm leaves packages for other platforms out of package-lock.json when it
 * could not see them while installing (npm/cli#4828), and then `npm ci` refuses the file everywhere. This adds what is
 * missing: name, version and platform, which is all that npm needs to know to leave them out here.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
  readonly [key: string]: unknown;
}

const PATH = join(import.meta.dirname, "..", "package-lock.json");
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "x64"];

/** Entries of packages that are named as optional and are not in the file. */
export function missingPackages({ packages }: Lockfile): Readonly<Record<string, LockedPackage>> {
  const missing: Record<string, LockedPackage> = {};
  for (const [owner, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const known = `node_modules/${name}` in packages || `${owner}/node_modules/${name}` in packages;
      // A range is no version to write down; exact versions are what platform packages have.
      if (known || !/^\d+\.\d+\.\d+[\w.+-]*$/.test(version)) continue;
      missing[`node_modules/${name}`] = {
        version,
        ...platformOf(name),
        ...(dev === true ? { dev } : {}),
        optional: true,
      };
    }
  }
  return missing;
}

/** `@oxlint/binding-linux-x64-musl` says it all. */
function platformOf(name: string): { readonly cpu: string[]; readonly os: string[]; readonly libc?: string[] } {
  const os = SYSTEMS.filter((system) => name.includes(system));
  const cpu = PROCESSORS.filter((processor) => name.includes(processor)).slice(0, 1);
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name} does not say its platform; add it by hand`);
  if (os[0] !== "linux") return { cpu, os };
  return { cpu, os, libc: [name.includes("musl") ? "musl" : "glibc"] };
}

function main(): number {
  const lockfile: Lockfile = JSON.parse(readFileSync(PATH, "utf8"));
  const missing = missingPackages(lockfile);
  const names = Object.keys(missing);
  if (process.argv.includes("--check")) {
    for (const name of names) console.error(`package-lock.json lacks ${name}; run bun scripts/complete-lockfile.ts`);
    return names.length === 0 ? 0 : 1;
  }
  const sorted = Object.entries({ ...lockfile.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(PATH, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`package-lock.json: ${names.length} packages added`);
  return 0;
}

if (import.meta.main) process.exit(main());
