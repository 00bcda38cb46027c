import { expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunRuntime } from "../../runtime/bun/bun-runtime.ts";
import { MIGRATIONS } from "../migrations/migrations.ts";
import { migrate, openDatabase } from "./database.ts";

const folder = () => mkdtempSync(join(tmpdir(), "aegis-"));

test("opening twice applies every migration once", () => {
  const path = folder();
  openDatabase(bunRuntime, path).close();
  const database = openDatabase(bunRuntime, path);
  const rows = database.all("SELECT number, name FROM schema_migration ORDER BY number");
  expect(rows.map(({ number, name }) => [number, name])).toEqual(MIGRATIONS.map(({ number, name }) => [number, name]));
  database.close();
});

test("a newer database is refused, and left as it is", () => {
  const database = bunRuntime.openSqlite(":memory:");
  migrate(database, [
    { number: 1, name: "a", sql: "CREATE TABLE a (x)" },
    { number: 2, name: "b", sql: "CREATE TABLE b (x)" },
  ]);
  expect(() => migrate(database, [{ number: 1, name: "a", sql: "CREATE TABLE a (x)" }])).toThrow("newer version");
  expect(() =>
    migrate(database, [
      { number: 1, name: "a", sql: "other" },
      { number: 2, name: "b", sql: "CREATE TABLE b (x)" },
    ]),
  ).toThrow("not the one");
});

test("a migration that fails leaves nothing of its own", () => {
  const database = bunRuntime.openSqlite(":memory:");
  const broken = { number: 1, name: "a", sql: "CREATE TABLE a (x); CREATE TABLE a (x);" };
  expect(() => migrate(database, [broken])).toThrow();
  expect(database.all("SELECT name FROM sqlite_master WHERE name = 'a'")).toEqual([]);
});

test("migrations out of order are a programmer's error", () => {
  expect(() => migrate(bunRuntime.openSqlite(":memory:"), [{ number: 2, name: "b", sql: "" }])).toThrow("out of order");
});
