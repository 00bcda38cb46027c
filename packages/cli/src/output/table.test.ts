import { describe, expect, test } from "bun:test";
import { renderFields, renderTable } from "./table.ts";
import { displayWidth, escapeInvisible, toOneLine } from "./terminal-text.ts";

describe("renderTable()", () => {
  test("aligns columns and leaves no trailing space", () => {
    expect(
      renderTable(
        ["ID", "TOOL"],
        [
          ["1", "github.list_repos"],
          ["22", ""],
        ],
      ),
    ).toBe("ID  TOOL\n1   github.list_repos\n22\n");
  });

  test("counts wide characters as two columns", () => {
    expect(
      renderTable(
        ["A", "B"],
        [
          ["日本", "x"],
          ["abcd", "y"],
        ],
      ),
    ).toBe("A     B\n日本  x\nabcd  y\n");
    expect(displayWidth("e\u0301")).toBe(1);
  });

  test("cuts a long cell", () => {
    const [, line = ""] = renderTable(["A"], [["x".repeat(500)]]).split("\n");
    expect(line).toBe(`${"x".repeat(71)}…`);
  });

  test("shows what a hostile cell would have hidden", () => {
    expect(renderTable(["A"], [["a\u001b[2K\nb\u202ec\u0000"]])).toBe("A\na\\u001b[2K\\nb\\u202ec\\u0000\n");
  });
});

describe("renderFields()", () => {
  test("aligns the values", () => {
    expect(
      renderFields([
        ["ID", "7"],
        ["Reason", "two\nlines"],
      ]),
    ).toBe("ID:     7\nReason: two\\nlines\n");
  });
});

describe("escapeInvisible()", () => {
  test("keeps the newline and makes zero-width, C1 and tag characters visible", () => {
    expect(escapeInvisible("a\nb\u200bc\u009bd\u{e0041}")).toBe("a\nb\\u200bc\\u009bd\\udb40\\udc41");
    expect(toOneLine("plain text, ünïcode ✓")).toBe("plain text, ünïcode ✓");
  });
});
