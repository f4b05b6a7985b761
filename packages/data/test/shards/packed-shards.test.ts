import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import {
  type Batch,
  type Dataset,
  makeLoader,
  openPackedShards,
  openShardWriter,
  packDataset,
  packedShardsSpec,
  type Sample,
  type ShardDtype,
} from "../../src/index.js";

const folder = makeTemporaryFolder().path;
const shape = [2, 3, 5] as const;

/** Samples of normal values around 100 · index, or of whole numbers 0–255. */
function makeSamples(length: number, { whole = false, size = shape as Sample["shape"] } = {}): Dataset {
  return {
    length,
    schema: [{ name: "t2m", unit: "K" }, { name: "z500" }],
    classNames: ["calm", "storm"],
    async read(index) {
      const random = makeRandom(3, "sample", index);
      const pixels = Float32Array.from({ length: size[0] * size[1] * size[2] }, () =>
        whole ? random.integer(256) : 100 * index + random.normal(),
      );
      return { pixels, shape: size, id: `day ${index}`, ...(index % 3 > 0 && { label: (index % 3) - 1 }) };
    },
  };
}

async function pack(name: string, dtype: ShardDtype, dataset = makeSamples(7)): Promise<string> {
  const path = join(folder, name);
  await packDataset(dataset, path, { dtype, recordsPerShard: 3, onCorrupt: "fail" });
  return path;
}

test("float32 records come back bit by bit with labels, ids, classes and schema, in any order", async () => {
  const source = makeSamples(7);
  const packed = await openPackedShards({ folder: await pack("float32", "float32") });
  expect(packed).toMatchObject({ length: 7, schema: source.schema, classNames: source.classNames, dtype: "float32" });
  for (const index of [6, 0, 3, 2, 6]) expect(await packed.read(index)).toEqual(await source.read(index));
  await expect(packed.read(7)).rejects.toThrow("expected an index from 0 to 6, got 7");
  await packed.close();
});

test("whole numbers survive uint8 and bf16; other numbers are refused by uint8 with their channel", async () => {
  const source = makeSamples(4, { whole: true });
  for (const dtype of ["uint8", "bf16"] as const) {
    const packed = await openPackedShards({ folder: await pack(`whole-${dtype}`, dtype, source) });
    for (let index = 0; index < 4; index++) expect(await packed.read(index)).toEqual(await source.read(index));
    await packed.close();
  }
  const fraction = { ...source, read: async () => ({ pixels: new Float32Array(30).fill(0.5, 29), shape, id: "half" }) };
  await expect(pack("fraction", "uint8", fraction)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: packed shards: expected whole numbers from 0 to 255 for dtype uint8, got 0.5 in channel 1 of 'half'. Use float32 or bf16.]`,
  );
  const missing = { ...source, read: async () => ({ pixels: new Float32Array(30).fill(NaN), shape, id: "gap" }) };
  await expect(pack("missing", "uint8", missing)).rejects.toThrow("got NaN in channel 0 of 'gap'");
});

test("bf16 rounds to nearest, ties to even, and keeps NaN and infinities", async () => {
  // bf16 has 7 fraction bits: neighbours of 1 are 1 + 2^-7, of 256 are 258.
  const pixels = Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 257, 259, NaN, -Infinity, 1e-40, -0, 3.4e38);
  const read = async () => ({ pixels, shape: [1, 1, 10] as const, id: "edge" });
  const source = { length: 1, schema: [{ name: "x" }], read };
  const packed = await openPackedShards({ folder: await pack("bf16", "bf16", source) });
  const { pixels: found } = await packed.read(0);
  expect([...found.subarray(0, 7)]).toEqual([1, 1, 1 + 2 ** -6, 256, 260, NaN, -Infinity]);
  expect([...found.subarray(7)]).toEqual([2 ** -133, -0, Infinity]);
  await packed.close();
});

test("int16 packs each channel of a record between its extremes, with NaN, constants and tiny images", async () => {
  const size = [3, 1, 3] as const;
  const pixels = Float32Array.of(50_000, 60_000, 55_123.5, 0.25, 0.25, 0.25, NaN, -1, 1);
  const source = { length: 1, schema: [{ name: "a" }, { name: "b" }, { name: "c" }] };
  const dataset = { ...source, read: async () => ({ pixels, shape: size, id: "one" }) };
  const packed = await openPackedShards({ folder: await pack("int16", "int16", dataset) });
  const { pixels: found } = await packed.read(0);
  // Half a step of (max − min) / 65534, and float32's own rounding of 60,000.
  for (const position of [0, 1, 2])
    expect(Math.abs((found[position] as number) - (pixels[position] as number))).toBeLessThan(10_000 / 131_068 + 0.004);
  expect([...found.subarray(3, 6)]).toEqual([0.25, 0.25, 0.25]);
  expect(found[6]).toBeNaN();
  expect(found[7]).toBeCloseTo(-1, 4);
  const infinite = { ...source, read: async () => ({ pixels: pixels.map(() => Infinity), shape: size, id: "one" }) };
  await expect(pack("infinite", "int16", infinite)).rejects.toThrow("got Infinity in channel 0 of 'one'");
  await packed.close();
});

test("batches of worker threads equal those of the source", async () => {
  const spec = packedShardsSpec({ folder: await pack("workers", "float32") });
  const collected: Batch[][] = [];
  for (const numWorkers of [0, 2]) {
    const loader = await makeLoader({
      ...{ dataset: spec, batchSize: 3, seed: 1, shuffle: true, dropLast: false, transforms: [] },
      ...{ numWorkers, prefetchBatches: 2, onCorrupt: "fail" },
    });
    const batches: Batch[] = [];
    for await (const batch of loader.epoch(0)) batches.push(batch);
    await loader.close();
    collected.push(batches);
  }
  expect(collected[1]).toEqual(collected[0]);
  const [{ images, indices, labels }] = collected[0] as [Batch];
  const first = await makeSamples(7).read(indices[0] as number);
  expect([images.subarray(0, 30), labels[0]]).toEqual([first.pixels, first.label ?? -1]);
});

test("more shards than may be open are read at once, from every one of them", async () => {
  const path = join(folder, "many");
  await packDataset(makeSamples(200), path, { dtype: "float32", recordsPerShard: 1, onCorrupt: "fail" });
  const packed = await openPackedShards({ folder: path });
  const samples = await Promise.all(Array.from({ length: 200 }, (_, index) => packed.read(index)));
  for (const [index, { pixels }] of samples.entries()) expect(pixels[0]).toBeCloseTo(100 * index, -1);
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = process.platform === "linux" ? descriptors() : 0;
  await packed.close();
  if (process.platform === "linux") expect(before - descriptors()).toBeGreaterThan(32);
  expect((await packed.read(5)).id).toBe("day 5");
  await packed.close();
});

test("a damaged record, a cut shard, and shards of other data are refused by name", async () => {
  const path = await pack("damaged", "float32");
  const shard = join(path, "shard-00001.bin");
  const intact = readFileSync(shard);
  const flipped = Buffer.from(intact);
  flipped[130] = (flipped[130] as number) ^ 1;
  writeFileSync(shard, flipped);
  const packed = await openPackedShards({ folder: path });
  expect((await packed.read(3)).id).toBe("day 3");
  await expect(packed.read(4)).rejects.toThrow(
    /shard-00001\.bin: expected channel 0 of record 1 with CRC-32 \d+, got \d+\. The file/,
  );
  // The flipped bit is in channel 0: a rank that has channel 1 alone never sees it.
  const other = new Float32Array(15);
  expect((await packed.readChannels(4, [1], other)).id).toBe("day 4");
  expect(other).toEqual((await makeSamples(7).read(4)).pixels.subarray(15));
  await packed.close();
  const trusting = await openPackedShards({ folder: path, verify: "never" });
  expect((await trusting.read(4)).id).toBe("day 4");
  await trusting.close();

  writeFileSync(shard, intact);
  const watchful = await openPackedShards({ folder: path, verify: "always" });
  expect((await watchful.read(4)).id).toBe("day 4");
  writeFileSync(shard, flipped);
  await expect(watchful.read(4)).rejects.toMatchObject({ code: "GRATICULE_FORMAT" });
  await watchful.close();

  const expectRefusal = async (message: RegExp) => {
    const opened = await openPackedShards({ folder: path });
    await expect(opened.read(4)).rejects.toThrow(message);
    await opened.close();
  };
  writeFileSync(shard, intact);
  truncateSync(shard, intact.length - 1);
  await expectRefusal(/shard-00001\.bin: expected a shard that ends in GRSHARD2, got/);
  truncateSync(shard, 100);
  await expectRefusal(/shard-00001\.bin: expected 3 records in 376 bytes, got a file of 100 bytes/);
  copyFileSync(join(path, "shard-00000.bin"), shard);
  await expectRefusal(/shard-00001\.bin: expected 3 records and a trailer with CRC-32 \d+, as the index says/);
});

test("a folder without an index, or with a broken one, says so", async () => {
  const path = join(folder, "broken");
  mkdirSync(path);
  await expect(openPackedShards({ folder: path })).rejects.toThrow(/index\.json: expected the index of packed shards/);
  const index = JSON.parse(readFileSync(join(await pack("whole", "float32"), "index.json"), "utf8"));
  const expectRefusal = async (text: string, message: RegExp) => {
    writeFileSync(join(path, "index.json"), text);
    await expect(openPackedShards({ folder: path })).rejects.toThrow(message);
  };
  await expectRefusal("{", /index\.json: expected JSON, got/);
  await expectRefusal("null", /expected the file to be an object, got null/);
  await expectRefusal(JSON.stringify({ ...index, shape: [2, 1e9, 1e9] }), /a record of at most 2147483648 bytes/);
  await expectRefusal(
    JSON.stringify({ ...index, version: 1 }),
    /expected packed shards of version 2, got version 1\. Another release of Graticule wrote them: prepare or pack/,
  );
  await expectRefusal(JSON.stringify({ ...index, dtype: "f64" }), /dtype to be float32, bf16, int16, uint8, got "f64"/);
  await expectRefusal(JSON.stringify({ ...index, length: 1e15 }), /shards to be 333333333333334 shards/);
  await expectRefusal(JSON.stringify({ ...index, shards: [{}, {}, {}] }), /shards\[0\]\.records to be 3, got nothing/);
});

test("an interrupted run goes on behind its last whole shard, to the same bytes", async () => {
  const path = join(folder, "resumed");
  const whole = await pack("uninterrupted", "int16");
  const failing = makeSamples(7);
  const stops = {
    ...failing,
    read: (index: number) => (index < 5 ? failing.read(index) : Promise.reject(new Error("power"))),
  };
  const options = { dtype: "int16", recordsPerShard: 3, onCorrupt: "fail" } as const;
  await expect(packDataset(stops, path, options)).rejects.toThrow("power");
  expect(readdirSync(path).sort()).toEqual(["plan.json", "shard-00000.bin"]);
  writeFileSync(join(path, "shard-00001.bin.1.partial"), "left by a crash");
  await expect(packDataset(makeSamples(7), path, { ...options, dtype: "bf16" })).rejects.toThrow(
    /plan\.json: expected dtype "int16" as when the folder was begun, got "bf16"\. Write to another folder/,
  );
  const read: number[] = [];
  const watched = {
    ...failing,
    read(index: number) {
      read.push(index);
      return failing.read(index);
    },
  };
  expect(await packDataset(watched, path, options)).toEqual({ length: 7, skipped: [] });
  expect(read.slice(1).sort()).toEqual([3, 4, 5, 6]);
  expect(readdirSync(path)).toEqual(readdirSync(whole));
  for (const name of readdirSync(path)) expect(readFileSync(join(path, name))).toEqual(readFileSync(join(whole, name)));
  expect(await packDataset(makeSamples(7), path, options)).toEqual({ length: 7, skipped: [] });
});

test("unreadable samples are left out and named; misshapen ones and ones with arrays are refused", async () => {
  const { FormatError } = await import("@graticule/core");
  const source = makeSamples(5);
  const corrupt = {
    ...source,
    read: (index: number) =>
      index % 3 === 0 ? Promise.reject(new FormatError(`${index}.png`, "a", "b")) : source.read(index),
  };
  const options = { dtype: "float32", onCorrupt: "skip" } as const;
  const { length, skipped } = await packDataset(corrupt, join(folder, "skipped"), options);
  expect([length, skipped.map(({ index, id }) => [index, id])]).toEqual([
    3,
    [
      [0, "0.png"],
      [3, "3.png"],
    ],
  ]);
  const wide = makeSamples(1, { size: [2, 3, 6] });
  const mixed = { ...source, read: (index: number) => (index === 3 ? wide.read(0) : source.read(index)) };
  await expect(packDataset(mixed, join(folder, "mixed"), options)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: packDataset: expected [2, 3, 5] as the first sample, got [2, 3, 6] from 'day 0'. Add a resize or centerCrop to the transforms.]`,
  );
  const resized = join(folder, "resized");
  const transforms = [{ kind: "resize", size: [2, 2], interpolation: "bilinear" }] as const;
  expect((await packDataset(mixed, resized, { ...options, transforms })).length).toBe(5);
  const arrays = { target: { data: new Float32Array(1), shape: [] } };
  const targets = { ...source, read: async (index: number) => ({ ...(await source.read(index)), arrays }) };
  await expect(packDataset(targets, join(folder, "arrays"), options)).rejects.toThrow(/got arrays target in 'day 0'/);
});

test("the writer refuses records that don't fit", async () => {
  const options = {
    folder: join(folder, "refused"),
    dtype: "float32",
    shape,
    schema: [{ name: "a" }, { name: "b" }],
  } as const;
  const writer = await openShardWriter(options);
  await expect(writer.append({ pixels: new Float32Array(29), id: "short", position: 0 })).rejects.toThrow(
    /expected \[2, 3, 5\] for 'short', got 29 values/,
  );
  await writer.append({ pixels: new Float32Array(30), id: "a", position: 4 });
  await expect(writer.append({ pixels: new Float32Array(30), id: "b", position: 4 })).rejects.toThrow(
    /a position behind 4, got 4/,
  );
  await writer.close();
  await expect(openShardWriter({ ...options, schema: [] })).rejects.toThrow(/expected 0 channels/);
  await expect(openShardWriter({ ...options, recordsPerShard: 0 })).rejects.toThrow(
    /recordsPerShard of at least 1, got 0/,
  );
});
