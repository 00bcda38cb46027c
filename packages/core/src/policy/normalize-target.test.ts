import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { foldText, normalizeUrl } from "./normalize-target.ts";

const host = fc.array(fc.constantFrom("api", "a-b", "xn--a", "x--y", "0x7f", "127", "com", "io", "test"), {
  minLength: 1,
  maxLength: 4,
});
const path = fc.array(fc.constantFrom("v1", "..", ".", "a%64", "", "x_y", "~u", "b.c", "?q=1", "#f"), { maxLength: 4 });

describe("normalizeUrl()", () => {
  test("leaves as it is only what the URL parser leaves as it is", () => {
    fc.assert(
      fc.property(fc.constantFrom("http", "https"), host, path, (scheme, labels, segments) => {
        const text = `${scheme}://${labels.join(".")}/${segments.join("/")}`;
        const url = normalizeUrl(text);
        if (url.kind === "refused" || url.text !== text) return;
        expect(URL.parse(text)).toMatchObject({ href: text, hostname: url.host });
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ["https://api.example.com/v1/x", "https://api.example.com/v1/x"],
    ["HTTPS://API.example.com.:443/a/../b#c", "https://api.example.com/b"],
    ["http://0x7f.1/x", "http://127.0.0.1/x"],
    ["https://example.com", "https://example.com/"],
  ])("reads %s as %s", (text, expected) => {
    expect(normalizeUrl(text)).toMatchObject({ kind: "ok", text: expected });
  });
});

test("foldText() folds plain text as it folds any other", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "B", " ", "\t", "é", "\u200b", "Ａ") }), (text) => {
      // A letter that needs the long way, at an end where it changes nothing else.
      expect(foldText(`${text.trim()}.é`)).toBe(foldText(`${foldText(`${text.trim()}.`)}é`));
    }),
  );
});
