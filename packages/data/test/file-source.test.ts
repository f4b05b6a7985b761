import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openByteSource, openFileSource } from "../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "graticule-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, bytes: readonly number[]): string => {
  writeFileSync(join(folder, name), Uint8Array.from(bytes));
  return join(folder, name);
};

test("ranges of a file, by path and by URL; one that leaves it is named", async () => {
  const path = write("five", [1, 2, 3, 4, 5]);
  const source = await openFileSource(path);
  expect([source.size, ...(await source.read(1, 3, "x"))]).toEqual([5, 2, 3, 4]);
  expect([...(await (await openByteSource(`file://${path}`)).read(4, 1, "x"))]).toEqual([5]);
  const error = await source.read(4, 2, "a header").catch((caught: Error) => caught.message.replace(path, "FILE"));
  expect(error).toMatchInlineSnapshot(
    `"FILE: expected a header of 2 bytes at 4, got a file of 5 bytes. The file is truncated or corrupt."`,
  );
  await expect(source.read(-1, 2, "x")).rejects.toThrow(/-1/);
  await expect(source.read(0, 1e300, "x")).rejects.toThrow(/a file of 5 bytes/);
  await source.close();
  expect([...(await source.read(0, 1, "x"))]).toEqual([1]);
});

test("more sources than handles may be open, and one that has changed is told", async () => {
  const paths = Array.from({ length: 150 }, (_, index) => write(`many${index}`, [index]));
  const sources = await Promise.all(paths.map(openFileSource));
  const values = await Promise.all(sources.map((source) => source.read(0, 1, "x")));
  expect(values.map(([value]) => value)).toEqual(paths.map((_, index) => index));
  await sources[3]?.close();
  write("many3", [1, 2]);
  await expect(sources[3]?.read(0, 1, "x")).rejects.toThrow(
    /expected a file of 1 bytes as when it was opened, got another of 2. The file changed while it was read/,
  );
});

test("a missing file and a folder are refused", async () => {
  await expect(openFileSource(join(folder, "none"))).rejects.toThrow(/none: expected a readable file, got ENOENT/);
  await expect(openFileSource(folder)).rejects.toThrow(/expected a readable file, got a folder or device/);
});
