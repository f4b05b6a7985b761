import { join } from "node:path";
import { type Batch, makeLoader } from "@graticule/data";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openDataset } from "../src/index.js";
import { fixturePath } from "./expected.js";
import { unzipTo } from "./unzip-to.js";

const folder = makeTemporaryFolder();

/** The batches of a variable's rows, four at a time. */
async function loadRows(uri: string, name: string, numWorkers: number): Promise<Batch[]> {
  const loader = await makeLoader({
    dataset: { module: new URL("rows-dataset.ts", import.meta.url).href, export: "openRows", options: { uri, name } },
    batchSize: 4,
    seed: 0,
    shuffle: false,
    dropLast: false,
    transforms: [],
    numWorkers,
    prefetchBatches: 2,
    onCorrupt: "skip",
  });
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(0)) batches.push(batch);
  await loader.close();
  return batches;
}

test("worker threads read NetCDF-4 files and Zarr folders as this one does", async () => {
  const store = join(folder.path, "codecs.zarr");
  await unzipTo(fixturePath("codecs.zarr.zip"), store);
  for (const uri of [store, fixturePath("groups.nc")]) {
    const dataset = await openDataset(uri);
    const variables = [...dataset.variables.values()].filter(({ shape }) => shape.length >= 2).slice(0, 2);
    expect(variables.length, uri).toBeGreaterThan(0);
    for (const { name, read } of variables) {
      const values = (await loadRows(uri, name, 2)).flatMap(({ images }) => [...images]);
      expect(values, `${uri} ${name}`).toEqual([...Float32Array.from((await read()).data)]);
    }
    await dataset.close();
  }
}, 60_000);

test("a chunk that is a folder was never written, one that is too long is refused, in either kind of thread", async () => {
  const array = { zarr_format: 2, shape: [3, 2], chunks: [1, 2], dtype: "<f4", order: "C", filters: null };
  const bytesOf = (json: object): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
  folder.write("rows.zarr/.zgroup", bytesOf({ zarr_format: 2 }));
  folder.write("rows.zarr/rows/.zarray", bytesOf({ ...array, fill_value: 7, compressor: null }));
  folder.write("rows.zarr/rows/0.0", new Uint8Array(Float32Array.of(1, 2).buffer));
  folder.write("rows.zarr/rows/1.0/note", bytesOf({}));
  folder.write("rows.zarr/rows/2.0", new Uint8Array(100));
  const root = join(folder.path, "rows.zarr");
  for (const numWorkers of [0, 1]) {
    const [batch] = await loadRows(root, "rows", numWorkers);
    // The fill value is one of missing values.
    expect([...(batch?.images ?? [])]).toEqual([1, 2, NaN, NaN]);
    expect(batch?.skipped.map(({ reason }) => reason)).toEqual([
      `${root}/rows/2.0: expected an object of at most 8 bytes, got 100. The store is corrupt.`,
    ]);
  }
}, 60_000);
