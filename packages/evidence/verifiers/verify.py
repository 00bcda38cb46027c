#!/usr/bin/env python3
"""The second verifier of AEL/1 bundles, written from docs/design/evidence.md and sharing no code with the first.

Python's standard library, and the openssl command for Ed25519.

    verify.py BUNDLE.aegis [--policy TRUST.policy]      four verdicts as JSON; exit 0, 2 (a verdict failed), 1 (use)
    verify.py --corpus DIR                              every case of a frozen corpus against its expected verdicts
"""
import base64
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from datetime import date, datetime, timezone

SAFE = 2**53 - 1
FORMAT = "aegisflow.dev/bundle/v1"
ORDER = ["manifest", "record", "context", "proof", "heads", "checkpoint", "policy", "end"]
NAMES = ["consistent", "complete", "existed_at", "paired"]
STATUSES = {"executed", "failed", "blocked", "denied", "expired", "cancelled", "unknown"}
SKEW_SECONDS = 300
HEX64 = re.compile(r"[0-9a-f]{64}")
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class Malformed(Exception):
    """The bundle breaks the format."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


# ---- canonical JSON ---------------------------------------------------------------------------------------------


def parse(text, depth_max):
    def pairs(items):
        keys = [key for key, _ in items]
        need(len(set(keys)) == len(keys) and "__proto__" not in keys, "duplicate or forbidden key")
        return dict(items)

    def number(literal):
        value = float(literal) if re.search(r"[.eE]", literal) else int(literal)
        need(len(literal) <= 128 and abs(value) <= SAFE, "number beyond 2^53-1")
        return value

    def constant(word):
        raise Malformed("not a JSON number: " + word)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_int=number, parse_float=number, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON: %s" % error)
    need(depth(value) <= depth_max, "nested too deeply")
    return value


def depth(value):
    deepest, layer = 0, [value]
    while True:
        layer = [item for item in layer if isinstance(item, (dict, list))]
        if not layer:
            return deepest
        deepest += 1
        layer = [child for item in layer for child in (item.values() if isinstance(item, dict) else item)]


def canonical(value, fractions):
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise Malformed("lone surrogate")
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return canonical_number(value, fractions)
    if isinstance(value, list):
        return "[" + ",".join(canonical(item, fractions) for item in value) + "]"
    items = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(canonical(k, fractions) + ":" + canonical(v, fractions) for k, v in items) + "}"


def canonical_number(value, fractions):
    if isinstance(value, int):
        return str(value)
    need(math.isfinite(value), "number is not finite")
    if value == int(value):
        need(fractions or math.copysign(1, value) > 0, "minus zero")
        return str(int(value))
    need(fractions, "fraction in a record")
    # ECMAScript's shortest text from Python's, which has the same digits in another layout.
    mantissa, _, exponent = repr(value).partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or "0")
    figures = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    figures = figures.rstrip("0")
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + figures
    if 0 < point <= 21:
        return sign + figures[:point].ljust(point, "0") + ("." + figures[point:] if len(figures) > point else "")
    power = point - 1
    return sign + figures[0] + ("." + figures[1:] if len(figures) > 1 else "") + "e" + ("+" if power > 0 else "-") + str(abs(power))


# ---- hashes, notes, keys ----------------------------------------------------------------------------------------


def sha(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha(b"\x01" + left + right)


def strict_b64(text, urlsafe=False):
    padded = text + "=" * (-len(text) % 4) if urlsafe else text
    try:
        data = base64.b64decode(padded, altchars=b"-_" if urlsafe else None, validate=True)
    except ValueError:
        raise Malformed("not base64")
    again = (base64.urlsafe_b64encode(data).rstrip(b"=") if urlsafe else base64.b64encode(data)).decode()
    need(again == text, "not canonical base64")
    return data


def included(leaf, index, size, path, root):
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def no_control(text, allowed=""):
    return all(ord(c) >= 0x20 or c in allowed for c in text)


def parse_note(note):
    need(len(note.encode("utf-16-le")) // 2 <= 64 * 1024 and note.endswith("\n") and "\n\n" in note, "note")
    split = note.rindex("\n\n")
    text, lines = note[: split + 1], note[split + 2 : -1].split("\n")
    need(no_control(text, "\n") and len(lines) <= 64, "note text")
    signatures = []
    for line in lines:
        match = re.fullmatch("— ([^ ]+) ([^ ]+)", line)
        need(match and key_name(match[1]), "signature line")
        data = strict_b64(match[2])
        need(len(data) >= 5, "signature")
        signatures.append((match[1], data[:4], data[4:]))
    return text, signatures


def key_name(name):
    odd = any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c == "\ufeff" for c in name)
    return name != "" and not re.search(r"[\s+]", name) and not odd


def parse_checkpoint(text):
    lines = text[:-1].split("\n")
    need(len(lines) >= 3 and all(lines), "checkpoint")
    need(re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]) and int(lines[1]) <= SAFE, "checkpoint size")
    root = strict_b64(lines[2])
    need(len(root) == 32, "checkpoint root")
    return lines[0], int(lines[1]), root


def parse_key(text, kind):
    match = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+(.+)", text)
    need(match and key_name(match[1]), "key")
    data = strict_b64(match[3])
    need(len(data) == 33 and data[0] == kind, "key type")
    key_id = sha(match[1].encode() + b"\n" + data)[:4]
    need(key_id.hex() == match[2], "key id")
    return match[1], key_id, data[1:]


def parse_policy(text):
    logs, witnesses, named, used, quorum = [], [], {}, set(), None
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in (2, 3):
            logs.append(parse_key(words[1], 1))
        elif words[0] == "witness" and len(words) in (3, 4):
            need(words[1] not in named and words[1] != "none", "name")
            witnesses.append(parse_key(words[2], 4))
            named[words[1]] = witnesses[-1]
        elif words[0] == "group" and len(words) >= 4:
            members = words[3:]
            need(words[1] not in named and words[1] != "none" and len(set(members)) == len(members), "group")
            need(all(m in named and m not in used for m in members), "group members")
            used.update(members)
            count = {"all": len(members), "any": 1}.get(words[2]) or int(words[2])
            need(1 <= count <= len(members), "threshold")
            named[words[1]] = (count, [named[m] for m in members])
        elif words[0] == "quorum" and len(words) == 2 and quorum is None:
            quorum = "none" if words[1] == "none" else named[words[1]]
        else:
            raise Malformed("policy line")
    need(quorum is not None and all(len({k[2] for k in ks}) == len(ks) for ks in (logs, witnesses)), "policy")
    return logs, witnesses, quorum


VERIFIED = {}


def ed25519(key, message, signature):
    if len(signature) != 64:
        return False
    name = (key, message, signature)
    if name not in VERIFIED:
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, f) for f in ("key", "message", "signature")]
            for path, data in zip(files, (bytes.fromhex("302a300506032b6570032100") + key, message, signature)):
                with open(path, "wb") as file:
                    file.write(data)
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", files[0], "-rawin", "-in", files[1], "-sigfile", files[2]]
            VERIFIED[name] = subprocess.run(command, capture_output=True).returncode == 0
    return VERIFIED[name]


def verify_note(text, signatures, keys, cosigned):
    """Time by key for every valid signature; None when a known key's signature is bad or doubled."""
    found = {}
    for name, key_id, signature in signatures:
        key = next((k for k in keys if k[0] == name and k[1] == key_id), None)
        if key is None:
            continue
        message, seconds = text.encode(), 0
        if cosigned:
            if len(signature) != 72:
                return None
            seconds, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = ("cosignature/v1\ntime %d\n" % seconds).encode() + message
        if key in found or seconds > SAFE or not ed25519(key[2], message, signature):
            return None
        found[key] = seconds
    return found


def quorum_time(quorum, times):
    if isinstance(quorum[1], bytes):
        return times.get(quorum)
    reached = sorted(t for t in (quorum_time(member, times) for member in quorum[1]) if t is not None)
    return reached[quorum[0] - 1] if len(reached) >= quorum[0] else None


# ---- the format -------------------------------------------------------------------------------------------------


def word(value):
    return isinstance(value, str) and 0 < len(value.encode("utf-16-le")) // 2 <= 512 and not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in value)


def count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def hex64(value):
    return isinstance(value, str) and HEX64.fullmatch(value) is not None


def fields(value, names):
    need(isinstance(value, dict) and sorted(value) == sorted(names), "fields")


def check_header(header):
    need(isinstance(header, dict) and header.get("v") == 1 and not isinstance(header["v"], bool), "version")
    need(all(word(header.get(name)) for name in ("boot", "id", "kind", "log", "sid", "tenant")), "texts")
    need(all(name not in header or word(header[name]) for name in ("aid", "tt")), "texts")
    ts = header.get("ts")
    pattern = r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{6}Z"
    need(isinstance(ts, str) and re.fullmatch(pattern, ts), "ts")
    try:
        date.fromisoformat(ts[:10])
    except ValueError:
        raise Malformed("ts")
    need(isinstance(header.get("mono"), str) and re.fullmatch("0|[1-9][0-9]{0,18}", header["mono"]), "mono")
    need(count(header.get("epoch")) and count(header.get("seq")) and hex64(header.get("prev")), "place")
    limits = {"cm": lambda t: re.fullmatch("[A-Za-z0-9_-]{43}", t), "ref": hex64, "p": lambda t: t == "" or word(t)}
    for name, accepts in limits.items():
        group = header.get(name)
        need(isinstance(group, dict) and len(group) <= 64, name)
        need(all(FIELD_NAME.fullmatch(k) and isinstance(v, str) and accepts(v) for k, v in group.items()), name)
    opens = header["kind"] == "session.open"
    need(opens == (header["seq"] == 0) == (header["prev"] == "0" * 64), "session.open")


def read_bundle(data):
    need(len(data) <= 256 * 2**20, "too long")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8")
    need(text.endswith("\n"), "cut line")
    lines = text[:-1].split("\n")
    need(len(lines) <= 2_000_000, "too many lines")
    bundle = {"record": [], "context": [], "proof": []}
    rank, offset = -1, 0
    for number, line in enumerate(lines):
        need(len(line.encode()) <= 16 * 2**20, "line too long")
        value = parse(line, 67)
        need(isinstance(value, dict) and value.get("type") in ORDER, "type")
        kind = value["type"]
        fresh = ORDER.index(kind)
        need(fresh > rank or (fresh == rank and kind in bundle and isinstance(bundle[kind], list)), "order")
        need(rank >= 0 or fresh == 0, "no manifest")
        rank = fresh
        if kind in ("record", "context"):
            bundle[kind].append(read_record(value, line))
        else:
            need(canonical(value, False) == line, "not canonical")
            if kind == "end":
                fields(value, ["lines", "sha256", "type"])
                intact = value["lines"] == number and value["sha256"] == hashlib.sha256(data[:offset]).hexdigest()
                bundle["intact"] = intact and not isinstance(value["lines"], bool)
            else:
                read_other(bundle, kind, value)
        offset += len(line.encode()) + 1
    need("manifest" in bundle and "note" in bundle and bundle["record"] and "intact" in bundle, "cut")
    counts = {"records": "record", "context": "context", "proofs": "proof"}
    need(all(bundle["manifest"][name] == len(bundle[kind]) for name, kind in counts.items()), "counts")
    bundle["checkpoint"] = parse_checkpoint(bundle["note"][0])
    return bundle


def read_record(value, line):
    fields(value, ["disclosures", "header", "type"])
    header = canonical(value["header"], False)
    need(depth(value["header"]) <= 16 and len(header.encode()) <= 32 * 1024, "header")
    need(depth(value["disclosures"]) <= 66, "body")
    body = canonical(value["disclosures"], True)
    need(line == '{"disclosures":%s,"header":%s,"type":"%s"}' % (body, header, value["type"]), "not canonical")
    check_header(value["header"])
    need(isinstance(value["disclosures"], dict), "disclosures")
    for pair in value["disclosures"].values():
        need(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str), "disclosure")
    return dict(value["header"], leaf=sha(b"\x00" + header.encode()).hex(), shown=value["disclosures"])


def read_other(bundle, kind, value):
    if kind == "manifest":
        fields(value, ["context", "format", "log", "open", "proofs", "records", "sid", "tenant", "type"])
        need(value["format"] == FORMAT and all(isinstance(value[n], str) for n in ("log", "tenant", "sid")), "manifest")
        need(all(count(value[n]) for n in ("records", "context", "proofs")) and hashes(value["open"]), "manifest")
        bundle["manifest"] = value
    elif kind == "proof":
        fields(value, ["index", "leaf", "path", "type"])
        need(hex64(value["leaf"]) and count(value["index"]) and hashes(value["path"]), "proof")
        bundle["proof"].append(value)
    elif kind == "heads":
        fields(value, ["entry", "index", "path", "record", "size", "type"])
        fields(value["entry"], ["leaf", "seq", "sid", "state", "tenant"])
        entry = value["entry"]
        need(entry["state"] in ("open", "closed") and hex64(entry["leaf"]) and count(entry["seq"]), "entry")
        need(isinstance(entry["sid"], str) and isinstance(entry["tenant"], str), "entry")
        need(hex64(value["record"]) and count(value["index"]) and count(value["size"]) and hashes(value["path"]), "heads")
        bundle["heads"] = value
    elif kind == "checkpoint":
        fields(value, ["note", "type"])
        need(isinstance(value["note"], str), "note")
        bundle["note"] = parse_note(value["note"])
    else:
        fields(value, ["text", "type"])
        need(isinstance(value["text"], str), "policy")


def hashes(value):
    return isinstance(value, list) and all(hex64(item) for item in value)


# ---- the verdicts -----------------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.failed, self.unchecked = set(), set()

    def check(self, name, condition):
        if not condition:
            self.failed.add(name)

    def verdicts(self):
        return {n: "FAIL" if n in self.failed else "NOT CHECKED" if n in self.unchecked else "PASS" for n in NAMES}


def verify(data, policy):
    report, empty = Report(), {"disclosed": 0, "redacted": 0, "withheld": 0, "mismatched": 0}
    try:
        bundle = read_bundle(data)
    except Malformed as error:
        report.failed.add("consistent")
        report.unchecked.update(NAMES[1:])
        return {"verdicts": report.verdicts(), "disclosure": empty, "open": 0, "records": 0, "reason": str(error)}
    everything = bundle["record"] + bundle["context"]
    check_chain(report, bundle, everything)
    disclosure = check_disclosures(report, everything)
    proven = check_proofs(report, bundle, everything)
    check_policies(report, bundle, everything, proven)
    check_heads(report, bundle, everything, proven)
    opened = check_pairing(report, bundle, everything)
    check_trust(report, bundle, everything, policy)
    if "consistent" in report.failed:
        report.failed.update(["complete", "existed_at"])
    return {"verdicts": report.verdicts(), "disclosure": disclosure, "open": opened, "records": len(bundle["record"])}


def check_chain(report, bundle, everything):
    manifest, ok = bundle["manifest"], bundle["intact"]
    before = {"seq": -1, "leaf": "0" * 64, "kind": "", "boot": None}
    for r in bundle["record"]:
        ok &= r["seq"] == before["seq"] + 1 and r["prev"] == before["leaf"] and before["kind"] != "session.close"
        ok &= r["tenant"] == manifest["tenant"] and r["sid"] == manifest["sid"]
        if r["boot"] == before["boot"]:
            ok &= r["ts"] >= before["ts"] and int(r["mono"]) >= int(before["mono"])
        before = r
    ok &= all(r["log"] == manifest["log"] for r in everything) and bundle["checkpoint"][0] == manifest["log"]
    ok &= len({r["leaf"] for r in everything}) == len(everything)
    report.check("consistent", ok)


def check_disclosures(report, everything):
    erased = set()
    for r in everything:
        if r["kind"] != "redaction":
            continue
        p = r["p"]
        authority = p.get("authority_ref")
        good = p.get("target") and p.get("fields") and p.get("basis") and authority and authority != p.get("requester_ref")
        report.check("consistent", good)
        if good:
            erased.update((p["target"], name) for name in p["fields"].split(","))
    counts = {"disclosed": 0, "redacted": 0, "withheld": 0, "mismatched": 0}
    for r in everything:
        for name in sorted(set(r["cm"]) | set(r["shown"])):
            counts[field_state(r, name, erased)] += 1
    report.check("consistent", counts["mismatched"] == 0)
    return counts


def field_state(record, name, erased):
    if name not in record["shown"]:
        return "redacted" if {(record["leaf"], name), (record["leaf"], "*")} & erased else "withheld"
    salt, value = record["shown"][name]
    try:
        salt = strict_b64(salt, urlsafe=True)
        digest = sha(b"aegisflow.dev/cm/v1\x00" + salt + canonical([name, value], True).encode())
    except (Malformed, UnicodeEncodeError):
        return "mismatched"
    commitment = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return "disclosed" if len(salt) == 16 and record["cm"].get(name) == commitment else "mismatched"


def check_proofs(report, bundle, everything):
    _, size, root = bundle["checkpoint"]
    present, proven = {r["leaf"] for r in everything}, {}
    for proof in bundle["proof"]:
        path = [bytes.fromhex(h) for h in proof["path"]]
        ok = proof["leaf"] in present and proof["leaf"] not in proven
        ok = ok and included(bytes.fromhex(proof["leaf"]), proof["index"], size, path, root)
        report.check("consistent", ok)
        if ok:
            proven[proof["leaf"]] = proof["index"]
    needed = [bundle["record"][-1]] + bundle["context"]
    report.check("consistent", all(r["leaf"] in proven for r in needed))
    places = [proven[r["leaf"]] for r in bundle["record"] if r["leaf"] in proven]
    report.check("consistent", all(a < b for a, b in zip(places, places[1:])))
    return proven


def check_policies(report, bundle, everything, proven):
    loads, seen = [r for r in everything if r["kind"] == "policy.load"], set()
    for r in bundle["record"]:
        if r["kind"] != "decision":
            continue
        policy = r["p"].get("policy")
        report.check("consistent", policy is not None)
        if policy is None or policy in seen:
            continue
        seen.add(policy)
        used = proven.get(r["leaf"], -1)
        report.check("consistent", any(l["p"].get("policy") == policy and proven.get(l["leaf"], math.inf) < used for l in loads))


def check_heads(report, bundle, everything, proven):
    heads, records, manifest = bundle.get("heads"), bundle["record"], bundle["manifest"]
    if heads is None:
        report.unchecked.add("complete")
        return
    entry = heads["entry"]
    record = next((r for r in everything if r["leaf"] == heads["record"] and r["kind"] == "heads"), None)
    ok = record is not None and heads["record"] in proven and record["p"].get("size") == str(heads["size"])
    if ok:
        content = canonical([entry[n] for n in ("tenant", "sid", "seq", "leaf", "state")], False).encode()
        leaf, root = sha(b"\x00aegisflow.dev/heads/v1\x00" + content), record["p"].get("root", "")
        path = [bytes.fromhex(h) for h in heads["path"]]
        ok = hex64(root) and included(leaf, heads["index"], heads["size"], path, bytes.fromhex(root))
    ok = ok and (entry["tenant"], entry["sid"]) == (manifest["tenant"], manifest["sid"])
    ok = ok and entry["seq"] < len(records) and records[entry["seq"]]["leaf"] == entry["leaf"]
    ok = ok and (entry["state"] == "closed") == (records[entry["seq"]]["kind"] == "session.close")
    report.check("complete", ok)
    if ok and entry["seq"] != len(records) - 1:
        report.unchecked.add("complete")


def check_trust(report, bundle, everything, policy):
    if policy is None:
        report.unchecked.update(["complete", "existed_at"])
        return
    logs, witnesses, quorum = policy
    text, signatures = bundle["note"]
    signed = verify_note(text, signatures, [k for k in logs if k[0] == bundle["checkpoint"][0]], False)
    times = verify_note(text, signatures, witnesses, True)
    seen = quorum_time(quorum, times) if times is not None and quorum != "none" else None
    if not signed or times is None or (quorum != "none" and seen is None):
        report.failed.update(["complete", "existed_at"])
    elif quorum == "none":
        report.unchecked.add("existed_at")
    else:
        latest = (seen + SKEW_SECONDS) * 1000
        report.check("existed_at", all(milliseconds(r["ts"]) <= latest for r in everything))


def milliseconds(ts):
    second = datetime.strptime(ts[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(second.timestamp()) * 1000 + int(ts[20:23])


def check_pairing(report, bundle, everything):
    lives, paired = {}, lambda condition: report.check("paired", condition)
    for r in bundle["record"]:
        if r["kind"] == "decision":
            lives[r["leaf"]] = {"decision": r, "approval.request": [], "approval.consume": [], "outcome": []}
        elif r["kind"] in ("approval.request", "approval.consume", "outcome"):
            life = lives.get(r["ref"].get("decision"))
            paired(life is not None)
            if life is not None:
                life[r["kind"]].append(r)
    by_leaf = {r["leaf"]: r for r in everything}
    for r in everything:
        if r["kind"] == "approval.vote" and r["p"].get("vote") == "approve":
            voter, asker = r["p"].get("reviewer_ref"), r["p"].get("requester_ref")
            paired(voter and asker and voter != asker)
    spent, opened, ended = set(), [], set()
    for r in bundle["record"]:
        if r["kind"] in ("approval.expire", "approval.cancel"):
            ended.add((r["p"].get("approval"), r["seq"]))
    for life in lives.values():
        p, consumes, outcomes = life["decision"]["p"], life["approval.consume"], life["outcome"]
        effect = p.get("effect")
        paired(effect in ("allow", "review", "block") and len(outcomes) <= 1 and len(consumes) <= 1)
        paired(not consumes or effect == "review")
        for r in outcomes:
            status = r["p"].get("status")
            paired(status in STATUSES)
            if status == "executed":
                approved = any(c["seq"] < r["seq"] for c in consumes[:1])
                paired("response" in r["cm"] and effect != "block" and (effect != "review" or approved))
        paired(all(r["p"].get("fp", p.get("fp")) == p.get("fp") for r in consumes + outcomes))
        for consume in consumes:
            approval = consume["p"].get("approval")
            paired(not any(name == approval and seq < consume["seq"] for name, seq in ended))
            paired(approved_by(by_leaf, life["decision"], consume, spent))
        waiting = effect == "review" and not consumes and life["approval.request"]
        if effect != "block" and not outcomes and not waiting:
            opened.append(life["decision"]["leaf"])
    reported = opened == bundle["manifest"]["open"]
    closed = bundle["record"][-1]["kind"] == "session.close"
    paired(reported and not (closed and opened))
    return len(opened) if reported and not closed else 0


def approved_by(by_leaf, decision, consume, spent):
    vote = by_leaf.get(consume["ref"].get("vote"), {"kind": ""})
    if vote["kind"] != "approval.vote" or vote["p"].get("vote") != "approve":
        return False
    request = by_leaf.get(vote["ref"].get("request"), {"kind": ""})
    asked = by_leaf.get(request["ref"].get("decision"), {"kind": ""}) if request["kind"] == "approval.request" else {"kind": ""}
    if asked["kind"] != "decision" or consume["p"].get("approval") != vote["p"].get("approval"):
        return False
    fp = decision["p"].get("fp")
    if fp is None or vote["p"].get("fp") != fp or asked["p"].get("fp") != fp:
        return False
    if asked["p"].get("policy") != decision["p"].get("policy"):
        return False
    names = {vote["leaf"], ("approval", vote["p"].get("approval"))}
    fresh = not names & spent
    spent |= names
    return fresh


# ---- command line -----------------------------------------------------------------------------------------------


def verify_corpus(folder):
    """Cases name a base bundle, its policy, and the parts to join: [from, to] of the base, or base64 of new bytes."""
    def read(name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()

    cases, wrong = json.loads(read("cases.json")), 0
    for case in cases:
        base = read(case["base"])
        parts = (base[p[0] : p[1]] if isinstance(p, list) else base64.b64decode(p) for p in case["parts"])
        policy = None if case["policy"] is None else parse_policy(read(case["policy"]).decode())
        found = verify(b"".join(parts), policy)
        expected = case["expect"]
        if any(found[key] != expected[key] for key in expected):
            wrong += 1
            print("%s: expected %s, found %s" % (case["name"], json.dumps(expected), json.dumps(found)))
    print("%d cases, %d disagree" % (len(cases), wrong))
    return 2 if wrong else 0


def main(argv):
    policy = None
    if argv[:1] == ["--corpus"] and len(argv) == 2:
        return verify_corpus(argv[1])
    at = argv.index("--policy") if "--policy" in argv[:-1] else None
    if at is not None:
        with open(argv[at + 1], encoding="utf-8") as file:
            policy = parse_policy(file.read())
        argv = argv[:at] + argv[at + 2 :]
    if len(argv) != 1:
        print(__doc__, file=sys.stderr)
        return 1
    with open(argv[0], "rb") as file:
        result = verify(file.read(), policy)
    print(json.dumps(result, indent=2))
    return 2 if "FAIL" in result["verdicts"].values() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
