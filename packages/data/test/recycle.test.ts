import { afterEach, expect, test } from "vitest";
import { type Batch, type JsonValue, type Loader, type LoaderOptions, makeLoader } from "../src/index.js";

const open: Loader[] = [];
const modules: Readonly<Record<string, URL>> = {
  openPaired: new URL("./paired-dataset.ts", import.meta.url),
  openRevealing: new URL("./revealing-dataset.ts", import.meta.url),
  openNumbered: new URL("./numbered-dataset.ts", import.meta.url),
};

async function load(name: string, options: JsonValue, changes: Partial<LoaderOptions> = {}): Promise<Loader> {
  const loader = await makeLoader({
    dataset: { module: modules[name]?.href as string, export: name, options },
    batchSize: 4,
    seed: 3,
    shuffle: true,
    dropLast: false,
    transforms: [],
    numWorkers: 0,
    prefetchBatches: 2,
    onCorrupt: "skip",
    ...changes,
  });
  open.push(loader);
  return loader;
}

/** Copies of an epoch's batches, each of which is then given back. */
async function collect(loader: Loader, epoch: number, isRecycled: boolean): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch)) {
    batches.push(structuredClone(batch));
    if (isRecycled) loader.recycle(batch);
  }
  return batches;
}

afterEach(async () => {
  for (const loader of open.splice(0)) await loader.close();
});

const resize = { kind: "resize", size: [5, 6], interpolation: "bilinear" } as const;
const upsideDown = { kind: "verticalFlip", probability: 0.5 } as const;

test.each([
  ["read in place", "openPaired", {}],
  ["stacked", "openPaired", { direct: false }],
  ["resampled", "openNumbered", {}, [resize]],
  ["flipped after a resize", "openNumbered", {}, [resize, upsideDown]],
] as const)(
  "batches %s are the same in memory that was given back, with corrupt samples among them",
  async (...row) => {
    const [, name, options, transforms = []] = row;
    const dataset = { length: 22, corrupt: [3, 17], ...options };
    const fresh = await load(name, dataset, { transforms });
    const reference = [await collect(fresh, 0, false), await collect(fresh, 1, false)];
    for (const numWorkers of [0, 2]) {
      const loader = await load(name, dataset, { transforms, numWorkers });
      expect([await collect(loader, 0, true), await collect(loader, 1, true)]).toEqual(reference);
    }
  },
);

test.each([0, 1])("a batch is made in the memory of one that was given back (%i workers)", async (numWorkers) => {
  const loader = await load("openRevealing", { length: 32 }, { numWorkers, shuffle: false });
  const found = (batches: Batch[]) => batches.flatMap(({ arrays }) => [...(arrays.found?.data ?? [])]);
  const fresh = found(await collect(loader, 0, false));
  expect(fresh).toEqual(fresh.map(() => 0));
  const first = found(await collect(loader, 1, true));
  // Three batches were asked for before the first was given back: two ahead of the one in use.
  expect(first.slice(0, 12)).toEqual(fresh.slice(0, 12));
  expect(first.slice(12)).toEqual(first.slice(12).map((_, place) => place + 1));
});

test("a batch that was given back is empty, and can be given back again", async () => {
  const loader = await load("openPaired", { length: 8 });
  for await (const batch of loader.epoch(0)) {
    const indices = [...batch.indices];
    for (let time = 0; time < 2; time++) loader.recycle(batch);
    expect([batch.images.length, batch.arrays.target?.data.length]).toEqual([0, 0]);
    expect([...batch.indices]).toEqual(indices);
  }
});

test("a loader uses memory of another loader's batches only where it fits", async () => {
  const large = await load("openPaired", { length: 8 }, { batchSize: 8 });
  const small = await load("openPaired", { length: 8 });
  const reference = await collect(small, 0, false);
  for await (const batch of large.epoch(0)) small.recycle(batch);
  expect(await collect(small, 0, false)).toEqual(reference);
});
