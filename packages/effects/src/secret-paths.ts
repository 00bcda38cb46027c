/**
 * Files whose content is a secret by what they are called. Caseless, because some file systems are; templates, public
 * halves and source code that merely is about credentials are left alone, because a guard that cries wolf is turned off.
 */
import { compileGlob, validateGlob } from "@aegisflow/core/policy/glob";

/** Whether reading (or copying, sending, overwriting) this path handles a secret. Takes a path or a glob. */
export function isSecretPath(path: string, isGlob = false): boolean {
  const lower = path.toLowerCase();
  if (isGlob) return globReachesSecret(lower);
  return SECRET.test(lower) && !HARMLESS.test(lower);
}

const SECRET = new RegExp(
  [
    // dotenv files and direnv
    String.raw`(?:^|\/)[^/]*\.env(?:\.[^/]*)?$`,
    String.raw`(?:^|\/)\.envrc$`,
    // keys and key stores
    String.raw`(?:^|\/)\.ssh(?:\/|$)`,
    String.raw`(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)[^/]*$`,
    String.raw`\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|p8|age)$`,
    String.raw`(?:^|\/)\.(?:gnupg|password-store|aegisflow)(?:\/|$)`,
    String.raw`\/library\/keychains(?:\/|$)`,
    // credentials of tools
    String.raw`(?:^|\/)\.aws(?:\/|$)`,
    String.raw`(?:^|\/)\.(?:azure|gcloud|kube|oci)(?:\/|$)`,
    String.raw`(?:^|\/)\.config\/(?:gcloud|gh|hub|doctl|op)(?:\/|$)`,
    String.raw`(?:^|\/)\.docker\/config\.json$`,
    String.raw`(?:^|\/)[._](?:netrc|pgpass|npmrc|pypirc|git-credentials|vault-token|htpasswd|my\.cnf|terraformrc|dockercfg)$`,
    String.raw`(?:^|\/)\.(?:cargo|gem)\/credentials[^/]*$`,
    String.raw`(?:^|\/)(?:credentials?|secrets?)(?:\.[^/]*)?$`,
    String.raw`(?:^|\/)(?:service[-_]?account|client[-_]secret)[^/]*\.json$`,
    String.raw`(?:^|\/)\.[a-z]*_?history$`,
    // the system's own
    String.raw`^\/etc\/(?:g?shadow-?|master\.passwd|sudoers(?:\.d)?|krb5\.keytab|security\/opasswd)(?:\/|$)`,
    String.raw`^\/etc\/ss[hl]\/(?:private|[^/]*_key$)`,
    String.raw`^\/proc\/[^/]+\/(?:environ|mem|maps)$`,
    String.raw`^\/(?:var\/)?run\/secrets(?:\/|$)`,
  ].join("|"),
);

const HARMLESS = new RegExp(
  [
    String.raw`\.env\.(?:example|sample|template|tmpl|dist|defaults?|schema|test\.example)$`,
    String.raw`\.pub$`,
    String.raw`\/known_hosts[^/]*$`,
    String.raw`(?:credentials?|secrets?)\.(?:[cm]?[jt]sx?|go|py|rs|java|kt|rb|php|cs|cpp|[ch]|swift|md|mdx|rst|txt|html?|css|svg|tsx?|d\.ts)$`,
    String.raw`\.env\.(?:d\.)?[cm]?[jt]sx?$`,
  ].join("|"),
);

/** What a wildcard is held against: one name for each family above. */
const SAMPLES = [
  ".env",
  ".env.local",
  ".env.production",
  ".ssh",
  "id_rsa",
  "id_ed25519",
  "server.pem",
  "server.key",
  ".aws",
  ".netrc",
  ".npmrc",
  ".pgpass",
  ".git-credentials",
  "credentials",
  "credentials.json",
  "secrets.yaml",
  ".gnupg",
  ".kube",
  ".bash_history",
];

/**
 * A wildcard counts when what it spells out points at a secret: `.e*`, `*.pem`, `id_*`, `.s?h/x`. A bare `*` does not:
 * it skips dot files and would make every listing an alarm.
 */
function globReachesSecret(path: string): boolean {
  const segments = path.split("/");
  return segments.some((segment, index) => {
    const upToHere = segments.slice(0, index + 1).join("/");
    if (!/[*?[(]/.test(segment)) return SECRET.test(upToHere) && !HARMLESS.test(path);
    const spelled = segment.replace(/\[[^\]]*\]|[*?]/g, "");
    const inEtc = index === 2 && path.startsWith("/etc/");
    if (inEtc && spelled !== "" && matchesAny(segment, ["shadow", "gshadow", "sudoers"])) return true;
    return (spelled.length >= 2 || segment.startsWith(".")) && matchesAny(segment, SAMPLES);
  });
}

function matchesAny(segment: string, names: readonly string[]): boolean {
  // Extended patterns and anything malformed may reach anything.
  if (segment.includes("(") || validateGlob(segment) !== undefined) return true;
  return names.some(compileGlob(segment, "path"));
}
