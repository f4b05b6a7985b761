import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cachedRegridWeights, makeRegridWeights, makeRegularGrid } from "../../src/index.js";

const source = makeRegularGrid([7, 12], { rows: "at-poles" });
const target = makeRegularGrid([4, 6], { rows: "cell-centers" });
let directory: string;
let lines: string[];
const cache = () => ({ directory, logger: makeLogger((line) => lines.push(line)) });

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "graticule-weights-")), "weights");
  lines = [];
});
afterEach(() => rm(join(directory, ".."), { recursive: true }));

async function onlyFile(): Promise<string> {
  const names = await readdir(directory);
  expect(names).toHaveLength(1);
  return join(directory, names[0] as string);
}

test("weights come back from the file as they were made", async () => {
  const made = await cachedRegridWeights(source, target, "conservative", cache());
  const { mtimeMs } = await stat(await onlyFile());
  const read = await cachedRegridWeights(source, target, "conservative", cache());
  expect(made).toEqual(makeRegridWeights(source, target, "conservative"));
  expect(read).toEqual(made);
  expect((await stat(await onlyFile())).mtimeMs).toBe(mtimeMs);
  expect(lines).toEqual([]);
});

test("other grids and other methods have files of their own", async () => {
  const shifted = { ...target, longitudes: target.longitudes.map((longitude) => longitude + 1) };
  await cachedRegridWeights(source, target, "bilinear", cache());
  await cachedRegridWeights(source, target, "nearest", cache());
  await cachedRegridWeights(source, shifted, "bilinear", cache());
  expect(await readdir(directory)).toHaveLength(3);
});

test("a file with any byte changed, cut or added is made anew, and that is logged", async () => {
  const made = await cachedRegridWeights(source, target, "bilinear", cache());
  const path = await onlyFile();
  const whole = await readFile(path);
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(whole);
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const broken = [
    Buffer.alloc(0),
    whole.subarray(0, 50),
    whole.subarray(0, whole.length - 1),
    Buffer.concat([whole, Buffer.from([0])]),
    ...[0, 9, 41, 57, 100, whole.length - 1].map(flipped),
  ];
  for (const bytes of broken) {
    await writeFile(path, bytes);
    expect(await cachedRegridWeights(source, target, "bilinear", cache())).toEqual(made);
    expect(await readFile(path)).toEqual(whole);
  }
  expect(lines).toHaveLength(broken.length);
  expect(lines.at(-1)?.replace(path, "FILE")).toMatchInlineSnapshot(
    `"warn: regridding weights made anew: FILE: expected content of its SHA-256, got other content."`,
  );
  await onlyFile();
});

test("a folder that cannot be used is an error, not a slow run each time", async () => {
  await writeFile(directory, "");
  await expect(cachedRegridWeights(source, target, "bilinear", cache())).rejects.toMatchObject({ code: "ENOTDIR" });
});
