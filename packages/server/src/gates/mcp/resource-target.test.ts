import { expect, test } from "bun:test";
import { holdsControlCharacters, otherReadings, resourceTarget } from "./resource-target.ts";

test.each([
  ["file:///etc/passwd", "file:///etc/passwd", "text"],
  ["FILE:/etc/../etc/%2e/passwd", "file:///etc/passwd", "text"],
  ["https://Example.com:443/a/../b", "https://example.com/b", "url"],
  ["demo:thing", "demo:thing", "text"],
  ["not a uri", "not a uri", "text"],
] as const)("%j acts on %j", (uri, target, target_kind) => {
  expect(resourceTarget(uri)).toEqual({ target, target_kind });
});

test.each([
  ["file:///%65tc/passwd", "file:///etc/passwd"],
  ["file:///%2565tc/passwd", "file:///etc/passwd"],
  ["file:////etc//passwd", "file:///etc/passwd"],
  ["file:///x/..%2Fetc/passwd", "file:///etc/passwd"],
  ["file:///x/..%5cetc/passwd", "file:///etc/passwd"],
  ["file://10.0.0.1/etc/passwd", "file:///etc/passwd"],
  ["file:///etc/passwd?raw", "file:///etc/passwd"],
  ["file:///etc%2f", "file:///etc/"],
  ["/etc/passwd", "file:///etc/passwd"],
  ["repo://%41cme/x%2fy?z=1", "repo://acme/x/y?z=1"],
  ["demo:a%2F..%2Fb", "demo:b"],
])("%j may also be read as %j", (uri, reading) => {
  expect(otherReadings(uri).map(({ target }) => target)).toEqual([reading]);
});

test.each([
  "file:///ok/readme",
  "file:///ok/dir/",
  "file:///ok/my%20file%20%C3%A9",
  "https://example.com/a?b=%2F&c#d",
  "repo://owner/name",
  "demo:thing",
  "urn:isbn:0451450523",
])("a plainly written URI has one reading: %j", (uri) => {
  expect(otherReadings(uri)).toEqual([]);
});

test("control characters are found, escaped or not", () => {
  for (const uri of ["a:\n", "a:\u0000", "a:%00", "a:%1F", "a:%250a", "a:%7f"])
    expect(holdsControlCharacters(uri)).toBe(true);
  for (const uri of ["a:b", "a:%20", "a:é", "a:%80"]) expect(holdsControlCharacters(uri)).toBe(false);
});
