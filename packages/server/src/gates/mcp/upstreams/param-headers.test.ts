/** Headers that mirror a message; the encoding examples are the specification's. */
import { describe, expect, test } from "bun:test";
import { encodeHeaderValue, markedParams, paramHeaders, standardHeaders } from "./param-headers.ts";

test.each([
  ["us-west1", "us-west1"],
  ["us west 1", "us west 1"],
  ["Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="],
  [" padded ", "=?base64?IHBhZGRlZCA=?="],
  ["line1\nline2", "=?base64?bGluZTEKbGluZTI=?="],
  ["a\r\nX-Evil: 1", "=?base64?YQ0KWC1FdmlsOiAx?="],
  ["=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="],
  ["", "=?base64??="],
  ["\ttab", "=?base64?CXRhYg==?="],
])("encodeHeaderValue(%j) is %j", (value, encoded) => {
  expect(encodeHeaderValue(value)).toBe(encoded);
});

test.each([
  ["tools/call", { name: "a tool" }, { "mcp-method": "tools/call", "mcp-name": "a tool" }],
  [
    "resources/read",
    { uri: "file:///ä" },
    { "mcp-method": "resources/read", "mcp-name": "=?base64?ZmlsZTovLy/DpA==?=" },
  ],
  ["tools/list", { name: "ignored" }, { "mcp-method": "tools/list" }],
])("standardHeaders() of %s", (method, params, headers) => {
  expect(standardHeaders(method, params)).toEqual(headers);
});

describe("markedParams()", () => {
  test("finds marks at any depth of properties", () => {
    const inner = { type: "object", properties: { b: { type: "integer", "x-mcp-header": "B" } } };
    const schema = { type: "object", properties: { a: { type: "string", "x-mcp-header": "A" }, deep: inner } };
    expect(markedParams(schema)).toEqual([
      { path: ["a"], header: "A" },
      { path: ["deep", "b"], header: "B" },
    ]);
  });

  test.each([
    ["an empty name", { a: { type: "string", "x-mcp-header": "" } }],
    ["a space", { a: { type: "string", "x-mcp-header": "My Region" } }],
    ["a colon", { a: { type: "string", "x-mcp-header": "Region:Primary" } }],
    ["a line break", { a: { type: "string", "x-mcp-header": "Region\r\n" } }],
    ["no text", { a: { type: "string", "x-mcp-header": 1 } }],
    ["an object", { a: { type: "object", "x-mcp-header": "Data" } }],
    ["a number", { a: { type: "number", "x-mcp-header": "Score" } }],
    ["two of one name", { a: { type: "string", "x-mcp-header": "My" }, b: { type: "string", "x-mcp-header": "my" } }],
    ["an item of an array", { a: { type: "array", items: { type: "string", "x-mcp-header": "Item" } } }],
    ["a branch", { a: { anyOf: [{ type: "string", "x-mcp-header": "Branch" }] } }],
  ])("says that a tool with %s is invalid", (_what, properties) => {
    expect(markedParams({ type: "object", properties: JSON.parse(JSON.stringify(properties)) })).toBeUndefined();
  });

  test("says that a mark on the root is invalid, and that no marks are fine", () => {
    expect(markedParams({ type: "string", "x-mcp-header": "Root" })).toBeUndefined();
    expect(markedParams({ type: "object", properties: { a: { $ref: "https://example.com/x" } } })).toEqual([]);
  });
});

test("paramHeaders() leaves out what is absent, null or no primitive", () => {
  const marked = ["s", "n", "b", "absent", "none", "list"].map((key) => ({ path: [key], header: key.toUpperCase() }));
  expect(paramHeaders(marked, { s: "x", n: 42, b: false, none: null, list: [1] })).toEqual({
    "mcp-param-s": "x",
    "mcp-param-n": "42",
    "mcp-param-b": "false",
  });
});
