import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { afterEach, expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import {
  type Batch,
  type Dataset,
  type DatasetSpec,
  makeLoader,
  openDataset,
  openPackedShards,
  packDataset,
  packedShardsSpec,
  type ShardDtype,
  type TransformSpec,
  threadWork,
} from "../src/index.js";
import { selectChannels } from "../src/select-channels.js";

const folder = makeTemporaryFolder().path;
const [channels, height, width] = [11, 4, 6];
const plane = height * width;
const schema = Array.from({ length: channels }, (_, channel) => ({ name: `c${channel}`, mean: channel, std: 2 }));
const source: Dataset = {
  length: 9,
  schema,
  async read(index) {
    const random = makeRandom(7, "sample", index);
    const pixels = Float32Array.from({ length: channels * plane }, () => random.integer(200));
    return { pixels, shape: [channels, height, width], id: `${index}`, label: index % 3 };
  },
};

/** Channels of each of tp ranks: near-equal runs, the longer ones first. */
function partsOf(tp: number): number[][] {
  const bounds = Array.from({ length: tp + 1 }, (_, rank) => Math.ceil((rank * channels) / tp));
  return bounds.slice(1).map((end, rank) => {
    const first = bounds[rank] as number;
    return Array.from({ length: end - first }, (_, at) => first + at);
  });
}

async function pack(dtype: ShardDtype): Promise<string> {
  const path = join(folder, dtype);
  await packDataset(source, path, { dtype, recordsPerShard: 4, onCorrupt: "fail" });
  return path;
}

async function batchesOf(dataset: DatasetSpec, transforms: TransformSpec[], numWorkers = 0): Promise<Batch[]> {
  const loader = await makeLoader({
    ...{ dataset, schema, batchSize: 4, seed: 3, shuffle: true, dropLast: false, transforms },
    ...{ numWorkers, prefetchBatches: 2, onCorrupt: "fail" },
  });
  expect(loader.schema).toEqual(schema);
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(1)) batches.push(batch);
  await loader.close();
  return batches;
}

/** A batch's channels by hand. */
function slice({ images, shape, ...rest }: Batch, own: readonly number[]): Batch {
  const [batch, all, rows, columns] = shape;
  const size = rows * columns;
  const picked = Array.from({ length: batch }, (_, image) =>
    own.map((channel) => images.subarray((image * all + channel) * size, (image * all + channel + 1) * size)),
  ).flat();
  const values = new Float32Array(picked.length * size);
  for (const [at, part] of picked.entries()) values.set(part, at * size);
  return { ...rest, images: values, shape: [batch, own.length, rows, columns] };
}

const augmented: TransformSpec[] = [
  { kind: "randomResizedCrop", size: [3, 5], scale: [0.3, 1], ratio: [0.75, 1.33], interpolation: "bilinear" },
  { kind: "horizontalFlip" },
  { kind: "normalize" },
];

afterEach(() => threadWork.record(false));

test.each(["float32", "bf16", "int16", "uint8"] as const)(
  "a rank's batches of %s shards are the slice of the whole, bit for bit, with and without augmentation",
  async (dtype) => {
    const spec = packedShardsSpec({ folder: await pack(dtype) });
    for (const transforms of [[], augmented]) {
      const whole = await batchesOf(spec, transforms);
      for (const own of [...partsOf(2), ...partsOf(4), [0, 3, 4, 10]])
        expect(await batchesOf({ ...spec, channels: own }, transforms)).toEqual(whole.map((each) => slice(each, own)));
    }
  },
);

test("worker threads read the same channels, and a dataset that can't select drops the others", async () => {
  const spec = packedShardsSpec({ folder: await pack("float32") });
  const own = [2, 3, 9];
  const whole = await batchesOf(spec, augmented);
  expect(await batchesOf({ ...spec, channels: own }, augmented, 1)).toEqual(whole.map((each) => slice(each, own)));

  const { pixels } = await source.read(5);
  const dropped = selectChannels(source, own);
  expect(dropped.schema.map(({ name }) => name)).toEqual(["c2", "c3", "c9"]);
  const values = own.flatMap((channel) => [...pixels.subarray(channel * plane, (channel + 1) * plane)]);
  expect([...(await dropped.read(5)).pixels]).toEqual(values);
  const bytes = Uint8Array.from({ length: channels * plane }, (_, at) => at % 251);
  const stored = async () => ({ bytes, shape: [channels, height, width] as const, id: "bytes" });
  const ofBytes = selectChannels({ ...source, readStored: stored }, own);
  const picked = Array.from({ length: plane }, (_, pixel) => own.map((channel) => bytes[pixel * channels + channel]));
  expect(await ofBytes.readStored?.(0)).toMatchObject({ bytes: Uint8Array.from(picked.flat() as number[]) });
});

test("ranks of tp 2 and 4 read the bytes of their channels alone, and no byte twice among them", async () => {
  const spec = packedShardsSpec({ folder: await pack("int16") });
  const blockBytes = 8 + 2 * plane;
  for (const tp of [2, 4])
    for (const own of partsOf(tp)) {
      const dataset = await openDataset({ ...spec, channels: own });
      for (const record of [0, 4, 8]) await dataset.read(record); // Shards' checksums and labels are read once.
      const before = threadWork.bytesRead;
      for (let index = 0; index < dataset.length; index++) await dataset.read(index);
      expect(threadWork.bytesRead - before).toBe(dataset.length * own.length * blockBytes);
      await dataset.close?.();
    }
});

test("reads are recorded with file, bytes and time while that is asked for", async () => {
  const packed = await openPackedShards({ folder: await pack("float32") });
  await packed.read(0);
  expect(threadWork.take().spans).toEqual([]);
  threadWork.record(true);
  // Two reads, which are one span unless the machine is too busy for that.
  await packed.readChannels(0, [0, 1, 7], new Float32Array(3 * plane));
  const spans = threadWork.take().spans;
  const reads = spans.filter(({ name }) => name === "read shard-00000.bin");
  const total = (detail: string): number => reads.reduce((sum, { details }) => sum + (details?.[detail] as number), 0);
  expect([total("bytes"), total("reads")]).toEqual([12 * plane, 2]);
  expect(spans.at(-1)?.name).toBe("decode record 0");
  for (const { start, end } of spans) expect(end).toBeGreaterThan(start);
  await packed.close();
});

test("channels out of order, unknown ones, none, and noise for all of them are refused", async () => {
  const spec = packedShardsSpec({ folder: await pack("float32") });
  const messages = [[1, 0], [0, 11], []].map((own) =>
    openDataset({ ...spec, channels: own }).catch((error: Error) => error.message),
  );
  const erasing: TransformSpec = { kind: "randomErasing", probability: 1, area: [0.1, 0.2], ratio: [1, 1] };
  const erased = batchesOf({ ...spec, channels: [0] }, [{ kind: "normalize" }, erasing]).catch(
    (error: Error) => error.message,
  );
  expect(await Promise.all([...messages, erased])).toMatchInlineSnapshot(`
      [
        "channels: expected rising places from 0 to 10, got 1, 0.",
        "channels: expected rising places from 0 to 10, got 0, 11.",
        "channels: expected rising places from 0 to 10, got none.",
        "makeLoader: expected no randomErasing with dataset.channels, whose noise is drawn for all channels, got it. Leave one out.",
      ]
    `);
});
