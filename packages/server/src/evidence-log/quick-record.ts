/**
 * `buildRecord` of the evidence package for the records that nearly all are: plain ASCII words in the header. The
 * text is put together instead of printed by the general serializer, three times as fast; the result is the same to
 * the byte, which a property test holds it to. Anything unusual is left to `buildRecord` itself.
 */
import { hash } from "node:crypto";
import type { RecordDraft } from "@aegisflow/evidence";
import { type BodyDraft, writeText } from "./record-body.ts";

export interface QuickRecord {
  readonly header: string;
  readonly headerBytes: number;
  /** 64 hex. */
  readonly leaf: string;
}

const COMMITMENT_DOMAIN = Buffer.from("aegisflow.dev/cm/v1\u0000", "latin1");
const SALT_BYTES = 16;
/** ASCII that JSON prints as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;
const WORD_CHARS_MAX = 512;
const FIELDS_MAX = 64;
/** What this can make is far below the limit of a header. */
const HEADER_CHARS_MAX = 16 * 1024;

/** The canonical JSON of a string, when it is plain. */
export function quotePlain(text: string): string | undefined {
  return PLAIN.test(text) ? `"${text}"` : undefined;
}

export class QuickRecords {
  /** Preimages are put together here; the domain stands at its beginning for good. */
  #scratch = Buffer.alloc(0);

  build(draft: RecordDraft, body: BodyDraft): QuickRecord | undefined {
    const p = printWords(draft.p, isQuickWord);
    const ref = printWords(draft.ref, isHash);
    const cm = this.#printCommitments(body);
    if (p === undefined || ref === undefined || cm === undefined || !isQuickPlace(draft)) return undefined;
    const { boot, epoch, id, kind, log, mono, prev, seq, sid, tenant, ts } = draft;
    // The leaf hash begins with a zero byte: put together with it, the text is gone through once.
    const entry = `\u0000{"boot":"${boot}","cm":${cm},"epoch":${epoch},"id":"${id}","kind":"${kind}","log":"${log}","mono":"${mono}","p":${p},"prev":"${prev}","ref":${ref},"seq":${seq},"sid":"${sid}","tenant":"${tenant}","ts":"${ts}","v":1}`;
    if (entry.length > HEADER_CHARS_MAX) return undefined;
    return { leaf: hash("sha256", entry, "hex"), header: entry.slice(1), headerBytes: entry.length - 1 };
  }

  #printCommitments({ fields, random }: BodyDraft): string | undefined {
    if (fields.length > FIELDS_MAX) return undefined;
    let text = "";
    let saltAt = 0;
    for (const { name, text: value, textBytes } of fields) {
      if (!FIELD_NAME.test(name)) return undefined;
      const start = COMMITMENT_DOMAIN.length + SALT_BYTES;
      const opened = `["${name}",${value}]`;
      const scratch = this.#room(start + name.length + textBytes + 5);
      for (let i = 0; i < SALT_BYTES; i++) scratch[COMMITMENT_DOMAIN.length + i] = random[saltAt + i] ?? 0;
      const end = start + name.length + textBytes + 5;
      writeText(scratch, opened, start, end - start);
      text += `${text === "" ? "{" : ","}"${name}":"${hash("sha256", scratch.subarray(0, end), "base64url")}"`;
      saltAt += SALT_BYTES;
    }
    return text === "" ? "{}" : `${text}}`;
  }

  #room(bytes: number): Buffer {
    if (this.#scratch.length < bytes) {
      this.#scratch = Buffer.alloc(Math.max(4096, bytes * 2));
      this.#scratch.set(COMMITMENT_DOMAIN);
    }
    return this.#scratch;
  }
}

function isQuickWord(text: string): boolean {
  return text.length <= WORD_CHARS_MAX && PLAIN.test(text);
}

function isHash(text: string): boolean {
  return HASH.test(text);
}

const NO_PREDECESSOR = "0".repeat(64);

/** The log makes these fields itself; what it got from outside is looked at again. */
function isQuickPlace({ aid, tt, sid, tenant, log, boot, id, kind, prev, seq }: RecordDraft): boolean {
  const opens = kind === "session.open";
  return (
    aid === undefined &&
    tt === undefined &&
    opens === (seq === 0) &&
    opens === (prev === NO_PREDECESSOR) &&
    isQuickName(sid) &&
    isQuickName(tenant) &&
    isQuickName(log) &&
    isQuickName(boot) &&
    isQuickName(id) &&
    isQuickName(kind)
  );
}

function isQuickName(text: string): boolean {
  return text !== "" && isQuickWord(text);
}

/** Canonical JSON of a map of plain words; undefined when one of them is not acceptable here. */
function printWords(words: Readonly<Record<string, string>>, accepts: (text: string) => boolean): string | undefined {
  const keys = sortedKeys(words);
  if (keys.length > FIELDS_MAX) return undefined;
  let text = "";
  for (const key of keys) {
    const word = words[key];
    if (typeof word !== "string" || !FIELD_NAME.test(key) || !accepts(word)) return undefined;
    text += `${text === "" ? "{" : ","}"${key}":"${word}"`;
  }
  return text === "" ? "{}" : `${text}}`;
}

/** Most maps are written down in order: looking costs less than sorting. */
export function sortedKeys(words: object): readonly string[] {
  const keys = Object.keys(words);
  let before = "";
  for (const key of keys) {
    if (key < before) return keys.sort();
    before = key;
  }
  return keys;
}
