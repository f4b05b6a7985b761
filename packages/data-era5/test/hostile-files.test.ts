import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { GraticuleError } from "@graticule/core";
import { makeMemorySource } from "@graticule/data";
import { makeChunkCache, type StoredDataset } from "@graticule/data/arrays";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../tooling/test/fuzz-limit.js";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { decodeVariable } from "../src/cf/decode-variable.js";
import { openDataset } from "../src/index.js";
import { openContent } from "../src/open-dataset.js";
import type { KeyStore } from "../src/zarr/key-store.js";
import { openZarr } from "../src/zarr/open-zarr.js";
import { fixturePath } from "./expected.js";
import { unzipTo } from "./unzip-to.js";
import { shardedStore } from "./write-zarr.js";

const folder = makeTemporaryFolder();
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)));
const MAX_VALUES = 2 ** 20;

/** A copy with bytes replaced at an offset. */
function patched(name: string, at: number, bytes: readonly number[]): Uint8Array {
  const copy = read(name);
  copy.set(bytes, at);
  return copy;
}

const dimensionAt = read("classic.nc").indexOf(10, 8);

const cases: [string, string, Uint8Array | string][] = [
  ["an empty file", "empty.nc", ""],
  ["text", "text.nc", "This is no data, whatever its name says."],
  ["a GRIB file", "grib.nc", "GRIB...."],
  ["a classic header alone", "header.nc", read("classic.nc").slice(0, 8)],
  ["a classic file cut inside its header", "cut.nc", read("classic.nc").slice(0, 200)],
  ["a classic file cut inside its values", "short.nc", read("classic.nc").slice(0, -20)],
  ["a classic file of 4 billion dimensions", "many.nc", patched("classic.nc", dimensionAt + 1, [255, 255, 255, 255])],
  ["a classic file of 4 billion records", "records.nc", patched("classic.nc", 4, [255, 255, 255, 254])],
  ["an HDF5 signature alone", "signature.h5", read("latest.h5").slice(0, 8)],
  ["an HDF5 file cut in half", "half.h5", read("groups.nc").slice(0, 20_000)],
  ["an HDF5 superblock of version 9", "version.h5", patched("latest.h5", 8, [9])],
  ["a zip cut in half", "cut.zip", read("codecs.zarr.zip").slice(0, 9000)],
  [
    "a zip without Zarr metadata",
    "empty.zip",
    Buffer.from(`504b0304${"00".repeat(26)}504b0506${"00".repeat(18)}`, "hex"),
  ],
];

test.each(cases)("%s is a clear error that names the file", async (_, name, bytes) => {
  const path = folder.write(name, bytes);
  const before = process.memoryUsage.rss();
  const error = await readAll(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(GraticuleError);
  expect((error as Error).message.replace(folder.path, "")).toMatchSnapshot();
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 27);
});

async function readAll(uri: string): Promise<void> {
  const dataset = await openDataset(uri, { maxValues: MAX_VALUES });
  for (const variable of dataset.variables.values()) await variable.read();
  await dataset.close();
}

const array = {
  zarr_format: 2,
  shape: [4],
  chunks: [4],
  dtype: "<f4",
  fill_value: 0,
  compressor: null,
  filters: null,
  order: "C",
};
const stores: [string, Record<string, unknown>][] = [
  ["whose metadata is no JSON", { ".zgroup": "{" }],
  ["whose chunks are too large to hold", { ".zarray": { ...array, shape: [2 ** 40], chunks: [2 ** 40] } }],
  ["whose chunks have no size", { ".zarray": { ...array, chunks: [0] } }],
  ["with more values than may be read", { ".zarray": { ...array, shape: [2 ** 40], chunks: [2 ** 10] } }],
  ["whose array leads out of it", { ".zmetadata": { metadata: { "../../secret/.zarray": array } } }],
  ["whose chunk is too long", { ".zarray": array, "0": "x".repeat(4000) }],
  ["whose chunk is too short", { ".zarray": array, "0": "short" }],
  ["whose chunk is no Blosc frame", { ".zarray": { ...array, compressor: { id: "blosc" } }, "0": "nothing of it" }],
];

test.each(stores)("a store %s is a clear error that names it", async (name, objects) => {
  const root = join(folder.path, name.replaceAll(" ", "-"));
  for (const [key, value] of Object.entries(objects))
    folder.write(join(root.slice(folder.path.length), key), typeof value === "string" ? value : JSON.stringify(value));
  const error = await readAll(root).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(GraticuleError);
  expect((error as Error).message.replaceAll(folder.path, "")).toMatchSnapshot();
});

test("a missing path is named", async () => {
  await expect(openDataset(`${folder.path}/none.nc`)).rejects.toThrow(/none\.nc: expected a readable file, got ENOENT/);
});

const fuzzed = ["classic.nc", "single-record.nc", "cdf5.nc", "groups.nc", "latest.h5", "filters.nc", "codecs.zarr.zip"];
const limit = fuzzLimit(60, 1 / fuzzed.length);
const storeLimit = fuzzLimit(200, 1 / 10);

/** Reads every variable of what was opened; throws only what a reader may not throw. */
async function readStored(opening: Promise<StoredDataset>): Promise<void> {
  try {
    for (const variable of (await opening).variables)
      await decodeVariable("fuzz", variable, 2 ** 16)
        .read()
        .catch((error) => expect(error).toBeInstanceOf(GraticuleError));
  } catch (error) {
    expect(error).toBeInstanceOf(GraticuleError);
  }
}

test.each(fuzzed)(
  "mutated %s files are read or refused, never worse",
  async (name) => {
    const original = read(name);
    const mutation = fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) });
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(mutations, fc.nat(original.length), async (changes, cut) => {
      const bytes = original.slice(0, cut % 5 === 0 ? cut : original.length);
      for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte;
      await readStored(
        openContent(makeMemorySource("fuzz", bytes), makeChunkCache(2 ** 22)).then(({ stored }) => stored),
      );
    });
    await fc.assert(property, { seed: 20240501, ...limit.parameters });
  },
  limit.timeoutMs,
);

const stored: [string, () => Promise<Map<string, Uint8Array>>][] = [
  ["Zarr v3", async () => shardedStore("end")],
  ["Zarr v2", readCodecs],
];

test.each(stored)(
  "mutated objects of %s stores are read or refused, never worse",
  async (_, readObjects) => {
    const objects = [...(await readObjects())];
    const mutation = fc.record({ at: fc.nat(10 ** 4), byte: fc.nat(255) });
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(fc.nat(objects.length - 1), mutations, async (which, changes) => {
      const [victim, original] = objects[which] as [string, Uint8Array];
      const bytes = original.slice();
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      const store = memoryStore(new Map(objects).set(victim, bytes));
      await readStored(openZarr(store, makeChunkCache(2 ** 22)).then((found) => found as StoredDataset));
    });
    await fc.assert(property, { seed: 20240501, ...storeLimit.parameters });
  },
  storeLimit.timeoutMs,
);

/** The objects of the store of every codec, out of its zip, whose checksums would keep changes from the decoders. */
async function readCodecs(): Promise<Map<string, Uint8Array>> {
  const root = join(folder.path, "codecs");
  await unzipTo(fixturePath("codecs.zarr.zip"), root);
  const paths = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    paths.map(({ name, parentPath }) => {
      const path = join(parentPath, name);
      return [relative(root, path), new Uint8Array(readFileSync(path))];
    }),
  );
}

/** A store in memory. */
function memoryStore(objects: ReadonlyMap<string, Uint8Array>): KeyStore {
  const get = async (key: string): Promise<Uint8Array | undefined> => objects.get(key);
  return {
    uri: "memory",
    get,
    open: async (key) => {
      const bytes = await get(key);
      return bytes && makeMemorySource(key, bytes);
    },
    list: async (prefix) => {
      const start = prefix === "" ? "" : `${prefix}/`;
      const below = [...objects.keys()].filter((key) => key.startsWith(start));
      return [...new Set(below.map((key) => key.slice(start.length).split("/")[0] as string))];
    },
    close: async () => {},
  };
}
