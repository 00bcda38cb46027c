/**
 * What secrets and personal data look like in tool results. Every pattern is anchored on a fixed prefix or on word
 * borders and has bounded repetition, so matching is linear; where a kind has a checksum, it must be right.
 * NOTE: a pattern whose characters include `-` starts with a look-behind instead of `\b`; else a long run of
 * dashed words would be scanned again from each of them.
 * Pure.
 */

export type RedactionKind = "secrets" | "email" | "phone" | "ssn" | "credit_card";

export interface RedactionPattern {
  readonly kind: RedactionKind;
  /** Shown in the place of what was taken out: `[redacted: aws-access-key]`. */
  readonly label: string;
  readonly pattern: RegExp;
  /** Further test on the match. */
  readonly accept?: (match: string) => boolean;
}

const secret = (label: string, pattern: RegExp, accept?: (match: string) => boolean): RedactionPattern =>
  accept === undefined ? { kind: "secrets", label, pattern } : { kind: "secrets", label, pattern, accept };

const SECRETS: readonly RedactionPattern[] = [
  // A key without its last line is taken out too; what follows it in short words is not.
  secret(
    "private-key",
    /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?:\s|\\[nr]){1,8}[A-Za-z-]{1,40}: [^\n\\]{0,200}){0,5}(?:(?:\s|\\[nr]){1,8}[A-Za-z0-9+/=]{16,20000}){0,1000}(?:(?:(?:\s|\\[nr]){1,8}[A-Za-z0-9+/=]{1,100})?(?:\s|\\[nr]){0,8}-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g,
  ),
  secret("aws-access-key", /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g),
  secret(
    "aws-secret-key",
    /\baws_?(?:secret|session)_?(?:access_?)?(?:key|token)["']?\s{0,8}[:=]\s{0,8}["']?[A-Za-z0-9/+=]{40,2000}/gi,
  ),
  secret("github-token", /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}\b/g, hasGithubChecksum),
  secret("github-token", /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g),
  secret("gitlab-token", /(?<![\w-])glpat-[A-Za-z0-9_-]{20,64}\b/g),
  secret("slack-token", /(?<![\w-])xox[abeprs]-[A-Za-z0-9-]{10,250}\b/g),
  secret("slack-webhook", /\bhttps:\/\/hooks\.slack\.com\/(?:services|workflows)\/[A-Za-z0-9/_-]{20,200}/g),
  secret("google-api-key", /(?<![\w-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g),
  secret("google-oauth-secret", /(?<![\w-])GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])/g),
  secret("openai-key", /(?<![\w-])sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,200}T3BlbkFJ[A-Za-z0-9_-]{20,200}/g),
  secret("anthropic-key", /(?<![\w-])sk-ant-[a-z0-9]{2,10}-[A-Za-z0-9_-]{40,200}/g),
  secret("stripe-key", /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,247}\b/g),
  secret("npm-token", /\bnpm_[A-Za-z0-9]{36}\b/g),
  secret("pypi-token", /(?<![\w-])pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,1000}/g),
  secret("sendgrid-key", /(?<![\w-])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g),
  secret("twilio-key", /\bSK[0-9a-f]{32}\b/g),
  secret("digitalocean-token", /\bdo[opr]_v1_[0-9a-f]{64}\b/g),
  secret("huggingface-token", /\bhf_[A-Za-z0-9]{34}\b/g),
  secret("vault-token", /(?<![\w-])hv[sbr]\.[A-Za-z0-9_-]{24,300}/g),
  secret("azure-storage-key", /\bAccountKey=[A-Za-z0-9+/]{86}==/g),
  secret("age-key", /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/g),
  secret("aegisflow-key", /(?<![\w-])aegis_[A-Za-z0-9_-]{20,200}/g),
  secret("jwt", /(?<![\w-])eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{0,2000}/g, isJwtHeader),
  secret(
    "bearer-token",
    /\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4}[A-Za-z0-9._~+/=-]{16,4000}/gi,
  ),
  secret("url-password", /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'<>]{1,200}:[^\s:/@"'<>]{1,200}@(?=[A-Za-z0-9[])/gi),
];

const PERSONAL: readonly RedactionPattern[] = [
  {
    kind: "email",
    label: "email",
    pattern: /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b/g,
  },
  { kind: "ssn", label: "ssn", pattern: /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g, accept: isSsn },
  {
    kind: "credit_card",
    label: "credit-card",
    pattern: /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-]?\d)/g,
    accept: isCardNumber,
  },
  {
    kind: "phone",
    label: "phone",
    pattern: /(?<![\w.+-])(?:\+\d{1,3}[ .-]?)(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}(?![\w-])/g,
    accept: isPhone,
  },
  { kind: "phone", label: "phone", pattern: /(?<![\w.+-])(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\w-])/g },
];

/** In the order they are applied: a secret that holds an address is one secret. */
export const REDACTION_PATTERNS: readonly RedactionPattern[] = [...SECRETS, ...PERSONAL];

/** Classic tokens end in six base62 digits of the CRC-32 of what stands between prefix and checksum. */
function hasGithubChecksum(token: string): boolean {
  const body = token.slice(4, -6);
  return base62(crc32(body)).padStart(6, "0") === token.slice(-6);
}

function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function base62(value: number): string {
  let text = "";
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = (BASE62[rest % 62] ?? "") + text;
  return text;
}

function isJwtHeader(token: string): boolean {
  const head = token.slice(0, token.indexOf("."));
  return Buffer.from(head, "base64url").toString("latin1").includes('"alg"');
}

/** Never issued: area 000, 666, 900-999, group 00, serial 0000. */
function isSsn(text: string): boolean {
  const [area = "", group = "", serial = ""] = text.split("-");
  return area !== "000" && area !== "666" && !area.startsWith("9") && group !== "00" && serial !== "0000";
}

/** Luhn, and a first digit and length that issuers use. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (
    !/^(?:4\d{12}(?:\d{3}){0,2}|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/.test(
      digits,
    )
  ) {
    return false;
  }
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** E.164 has 8 to 15 digits with the country code. */
function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "").length;
  return digits >= 8 && digits <= 15;
}
