/** Messages to and from an upstream. */
import { describe, expect, test } from "bun:test";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import fc from "fast-check";
import { encodeRequest, guessAnsweredId, parseFrames } from "./frames.ts";

const PROPERTY_RUNS = Number(process.env["AEGISFLOW_PROPERTY_RUNS"] ?? "300");

describe("encodeRequest()", () => {
  test("carries the sealed arguments byte for byte, whatever they are", () => {
    const args = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()).filter((value) => canParse(value));
    fc.assert(
      fc.property(args, (value) => {
        const sealed = canonicalJson(JSON.parse(JSON.stringify(value)));
        const text = encodeRequest({
          id: 7,
          method: "tools/call",
          params: { name: "t", arguments: { other: 1 } },
          meta: { a: 1 },
          argumentsJson: sealed,
        });
        expect(text).toContain(`"arguments":${sealed},`);
        expect(text).not.toContain("other");
        expect(JSON.parse(text)).toEqual({
          jsonrpc: "2.0",
          id: 7,
          method: "tools/call",
          params: { name: "t", arguments: JSON.parse(sealed), _meta: { a: 1 } },
        });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test.each(['{"a":1}\n{"jsonrpc":"2.0"}', '{"a":"\r"}', "[1]", "1"])(
    "refuses %j as sealed arguments",
    (argumentsJson) => {
      expect(() => encodeRequest({ id: 1, method: "tools/call", params: {}, meta: {}, argumentsJson })).toThrow(
        "sealed arguments",
      );
    },
  );
});

function canParse(value: unknown): boolean {
  try {
    canonicalJson(JSON.parse(JSON.stringify(value)));
    return true;
  } catch {
    return false;
  }
}

describe("parseFrames()", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":1,"result":{}}', "result"],
    ['{"jsonrpc":"2.0","id":"x","result":{"a":1}}', "result"],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}', "error"],
    ['{"jsonrpc":"2.0","method":"notifications/x"}', "notification"],
    ['{"jsonrpc":"2.0","id":0,"method":"roots/list"}', "request"],
  ])("reads %s", (text, kind) => {
    expect(parseFrames("u", text).map((frame) => String(frame.kind))).toEqual([kind]);
  });

  test("reads a batch, as servers of 2025-03-26 send it", () => {
    const one = '{"jsonrpc":"2.0","id":1,"result":{}}';
    expect(parseFrames("u", `[${one},${one}]`)).toHaveLength(2);
  });

  test.each([
    ["", "malformed"],
    ["hello", "malformed"],
    ["[]", "a batch of that size"],
    ['{"id":1,"result":{}}', "not a JSON-RPC 2.0 message"],
    ['{"jsonrpc":"2.0","id":1}', "neither a request nor an answer"],
    ['{"jsonrpc":"2.0","id":1,"result":[]}', "neither a request nor an answer"],
    ['{"jsonrpc":"2.0","id":{},"method":"m"}', "neither text nor number"],
    ['{"jsonrpc":"2.0","id":1,"method":"m","params":[]}', "params that are not an object"],
    ['{"jsonrpc":"2.0","id":1,"id":2,"result":{}}', "duplicate key"],
    ['{"jsonrpc":"2.0","id":1,"result":{"n":12345678901234567890}}', "without losing digits"],
    [`{"jsonrpc":"2.0","id":1,"result":${'{"a":'.repeat(70)}1${"}".repeat(70)}}`, "too deeply"],
  ])("refuses %j", (text, why) => {
    expect(() => parseFrames("the-upstream", text)).toThrow(why);
    expect(() => parseFrames("the-upstream", text)).toThrow("`the-upstream`");
  });
});

test.each([
  ['{"jsonrpc":"2.0","id":12,"result":{broken', 12],
  ['{"result":{broken},"jsonrpc":"2.0","id":34}', 34],
  ['{"result":{broken},"id":56,"jsonrpc":"2.0"}', 56],
  ['{"result":{"id":78}', undefined],
  ["garbage", undefined],
])("guessAnsweredId(%j) is %p", (text, id) => {
  expect(guessAnsweredId(text)).toBe(id);
});
