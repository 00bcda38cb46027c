/** Parsers and tokens of the client side: tables for what must be refused, properties for everything else. */
import { describe, expect, test } from "bun:test";
import type { JsonObject } from "@aegisflow/core";
import { canonicalJson } from "@aegisflow/evidence/canonical-json";
import fc from "fast-check";
import { systemRandom } from "../../../runtime/sources.ts";
import { decodeHeaderValue, paramHeaderMismatch, readParamHeaders } from "../catalog/param-headers.ts";
import { isJsonContentType, readAccept } from "./accept.ts";
import { findArgumentVariant, findCaseVariant, foldCase } from "./case-variants.ts";
import { encodeError, encodeRequest, encodeResult, idKey, parseRpcBody } from "./json-rpc.ts";
import { RpcError } from "./rpc-error.ts";
import { createTokenSealer } from "./sealed-token.ts";
import { isModernVersion, negotiateVersion } from "./versions.ts";

const BYTES_MAX = 100_000;
const idArbitrary = fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 50 }));
const paramsArbitrary = fc
  .dictionary(
    fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__"),
    fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null)),
  )
  .map((value): JsonObject => ({ ...value }));

describe("parseRpcBody()", () => {
  test("reads back what is sent", () => {
    fc.assert(
      fc.property(idArbitrary, fc.string({ minLength: 1, maxLength: 40 }), paramsArbitrary, (id, method, params) => {
        const parsed = parseRpcBody(encodeRequest(id, method, params), BYTES_MAX);
        expect(parsed).toEqual({ kind: "single", message: { kind: "request", id, method, params } });
      }),
    );
  });

  test("throws nothing but RpcError with an HTTP status, whatever the text", () => {
    const pieces = [
      '{"jsonrpc":"2.0"',
      '"id":1',
      '"method":"x"',
      '"params":{}',
      ",",
      "}",
      "[",
      "]",
      '"',
      "\\u0000",
      "1e999",
      "__proto__",
      ":",
    ];
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseRpcBody(text, BYTES_MAX);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
          expect((error as RpcError).status).toBeGreaterThanOrEqual(400);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a case variant of any message key is refused", () => {
    const keys = ["jsonrpc", "id", "method", "params", "result", "error"];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (key, flips) => {
        const variant = Array.from(key)
          .map((char, index) => (flips[index] === true ? char.toUpperCase() : char))
          .join("");
        if (variant === key) return;
        const text = `{"jsonrpc":"2.0","id":1,"method":"ping","${variant}":{}}`;
        expect(() => parseRpcBody(text, BYTES_MAX)).toThrow("send one spelling");
      }),
    );
  });

  test.each<[string, unknown]>([
    ['{"jsonrpc":"2.0","method":"a"}', { kind: "notification", method: "a", params: {} }],
    ['{"jsonrpc":"2.0","id":"x","result":{"a":1}}', { kind: "answer", id: "x", result: { a: 1 } }],
    [
      '{"jsonrpc":"2.0","id":"x","error":{"code":-1,"message":"no"}}',
      { kind: "answer", id: "x", error: { code: -1, message: "no" } },
    ],
    [
      '{"jsonrpc":"2.0","id":"x","error":{"code":0.5}}',
      { kind: "answer", id: "x", error: { code: -32603, message: "error without a message" } },
    ],
    ['{"jsonrpc":"2.0","id":1,"method":"a","extra":true}', { kind: "request", id: 1, method: "a", params: {} }],
  ])("%s is read", (text, message) => {
    expect(parseRpcBody(text, BYTES_MAX)).toEqual({ kind: "single", message } as never);
  });

  test.each([
    '{"jsonrpc":"2.0","id":1,"method":"a","result":{}}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
    '{"jsonrpc":"2.0","id":1,"result":[]}',
    '{"jsonrpc":"2.0","id":true,"method":"a"}',
    `{"jsonrpc":"2.0","id":"${"x".repeat(257)}","method":"a"}`,
    `{"jsonrpc":"2.0","id":1,"method":"${"x".repeat(129)}"}`,
    '"text"',
    "null",
    `[${Array(51).fill('{"jsonrpc":"2.0","method":"a"}').join(",")}]`,
    "[1]",
  ])("%s is refused", (text) => {
    expect(() => parseRpcBody(text, BYTES_MAX)).toThrow(RpcError);
  });

  test("1 and the text 1 are different requests", () => {
    expect(idKey(1)).not.toBe(idKey("1"));
    expect(encodeResult("1", {})).toBe('{"jsonrpc":"2.0","id":"1","result":{}}');
    expect(encodeError(null, { code: 1, message: "x" })).toContain('"id":null');
  });
});

describe("case variants", () => {
  test("folding takes all that case-insensitive decoders take", () => {
    for (const [a, b] of [
      ["Name", "name"],
      ["argumentſ", "arguments"],
      ["\u212Aey", "key"],
    ] as const)
      expect(foldCase(a)).toBe(foldCase(b));
    expect(findCaseVariant({ name: 1, Nàme: 2 }, ["name"])).toBeUndefined();
  });

  test("no object with a variant of a declared property passes, at any declared depth", () => {
    const schema: JsonObject = {
      properties: { path: {}, options: { properties: { force: {} } }, items: { items: { properties: { id: {} } } } },
    };
    expect(
      findArgumentVariant({ path: "a", options: { force: true }, items: [{ id: 1 }], Other: 1 }, schema),
    ).toBeUndefined();
    expect(findArgumentVariant({ Path: "a" }, schema)).toMatchObject({ key: "Path", known: "path" });
    expect(findArgumentVariant({ options: { FORCE: true } }, schema)).toMatchObject({ path: ["options"] });
    expect(findArgumentVariant({ items: [{ id: 1 }, { ID: 1 }] }, schema)).toMatchObject({ path: ["items", "1"] });
    expect(findArgumentVariant({ env: { PATH: 1, Path: 2 } }, schema)).toBeUndefined();
    expect(findArgumentVariant({ x: 1, X: 2 }, undefined)).toMatchObject({ key: "X" });
  });
});

describe("createTokenSealer()", () => {
  const sealer = createTokenSealer(new Uint8Array(32).fill(1), systemRandom);

  test("opens what it sealed, for that purpose only", () => {
    fc.assert(
      fc.property(paramsArbitrary, (content) => {
        const token = sealer.seal("a", content);
        expect(canonicalJson(sealer.open("a", token) ?? {})).toBe(canonicalJson(content));
        expect(sealer.open("b", token)).toBeUndefined();
      }),
    );
  });

  test("opens nothing else: every flipped character is noticed", () => {
    const token = sealer.seal("a", { principal: "agent-1" });
    for (let at = 0; at < token.length - 1; at++) {
      const flipped = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      expect(sealer.open("a", flipped)).toBeUndefined();
    }
    for (const text of ["", "aegis1.", "aegis1.AAAA", "eyJhbGciOiJub25lIn0.e30.", token.slice(0, -4)])
      expect(sealer.open("a", text)).toBeUndefined();
    expect(createTokenSealer(new Uint8Array(32).fill(2), systemRandom).open("a", token)).toBeUndefined();
  });
});

describe("headers of the modern era", () => {
  test.each([
    ["plain", "plain"],
    ["  blanks ", "blanks"],
    ["=?base64?aMOpbGxv?=", "héllo"],
    ["=?base64??=", ""],
    ["=?base64?aMOpbGx?=", undefined],
    ["=?base64?/w==?=", undefined],
    ["=?base64?a b?=", undefined],
  ])("%j decodes to %j", (raw, decoded) => {
    expect(decodeHeaderValue(raw)).toBe(decoded as string);
  });

  const schema: JsonObject = {
    type: "object",
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      deep: { type: "object", properties: { count: { type: "integer", "x-mcp-header": "Count" } } },
    },
  };
  const declared = readParamHeaders(schema);
  test("mirrored parameters are found at any depth", () => {
    expect(declared).toEqual({
      kind: "valid",
      headers: [
        { path: ["region"], headerName: "Region" },
        { path: ["deep", "count"], headerName: "Count" },
      ],
    });
  });
  test.each<[JsonObject, Record<string, string>, boolean]>([
    [{ region: "eu" }, { "mcp-param-region": "eu" }, true],
    [{ region: "eu" }, {}, false],
    [{ region: "eu" }, { "mcp-param-region": "us" }, false],
    [{ region: "é" }, { "mcp-param-region": "=?base64?w6k=?=" }, true],
    [{ region: "eu" }, { "mcp-param-region": "=?base64?%?=" }, false],
    [{ deep: { count: 42 } }, { "mcp-param-count": "42.0" }, true],
    [{ deep: { count: 42 } }, { "mcp-param-count": "43" }, false],
    [{ region: null }, {}, true],
    [{}, { "mcp-param-region": "ignored" }, true],
  ])("%j with %j agrees: %p", (args, headers, agrees) => {
    const headersOf = declared.kind === "valid" ? declared.headers : [];
    expect(paramHeaderMismatch(headersOf, args, new Map(Object.entries(headers))) === undefined).toBe(agrees);
  });
  test.each<[string, JsonObject]>([
    ["in a list", { properties: { a: { type: "array", items: { type: "string", "x-mcp-header": "A" } } } }],
    ["in anyOf", { properties: { a: { anyOf: [{ type: "string", "x-mcp-header": "A" }] } } }],
    ["in $defs", { $defs: { a: { type: "string", "x-mcp-header": "A" } } }],
    ["with a blank", { properties: { a: { type: "string", "x-mcp-header": "A b" } } }],
    ["of a number", { properties: { a: { type: "number", "x-mcp-header": "A" } } }],
    [
      "twice",
      { properties: { a: { type: "string", "x-mcp-header": "A" }, b: { type: "string", "x-mcp-header": "a" } } },
    ],
    ["at the root", { "x-mcp-header": "A", type: "string" }],
  ])("a declaration %s makes the tool invalid", (_title, input) => {
    expect(readParamHeaders(input).kind).toBe("invalid");
  });
});

test.each([
  [undefined, true, false],
  ["*/*", true, false],
  ["application/json, text/event-stream", true, true],
  ["text/event-stream;q=0.9", false, true],
  ["text/html", false, false],
])("Accept %j takes JSON %p and streams %p", (header, json, stream) => {
  expect(readAccept(header)).toEqual({ json, stream });
});

test.each([
  ["application/json", true],
  ["Application/JSON; charset=UTF-8", true],
  ["application/json;charset=latin1", false],
  ["text/plain", false],
  ["application/jsonp", false],
  [undefined, false],
])("Content-Type %j is JSON: %p", (header, json) => {
  expect(isJsonContentType(header)).toBe(json);
});

test("versions", () => {
  expect(negotiateVersion("2025-06-18")).toBe("2025-06-18");
  expect(negotiateVersion("2024-11-05")).toBe("2024-11-05");
  expect(negotiateVersion("1999-01-01")).toBe("2025-11-25");
  expect(negotiateVersion("2026-07-28")).toBe("2025-11-25");
  expect([
    isModernVersion("2026-07-28"),
    isModernVersion("2027-01-01"),
    isModernVersion("2025-11-25"),
    isModernVersion("v999"),
  ]).toEqual([true, true, false, false]);
});
