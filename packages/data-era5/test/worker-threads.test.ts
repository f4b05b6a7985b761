import { join } from "node:path";
import { type Batch, makeLoader } from "@graticule/data";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openDataset } from "../src/index.js";
import { fixturePath } from "./expected.js";
import { unzipTo } from "./unzip-to.js";

const folder = makeTemporaryFolder();

test("worker threads read NetCDF-4 files and Zarr folders as this one does", async () => {
  const store = join(folder.path, "codecs.zarr");
  await unzipTo(fixturePath("codecs.zarr.zip"), store);
  for (const uri of [store, fixturePath("groups.nc")]) {
    const dataset = await openDataset(uri);
    const variables = [...dataset.variables.values()].filter(({ shape }) => shape.length >= 2).slice(0, 2);
    expect(variables.length, uri).toBeGreaterThan(0);
    for (const { name, read } of variables) {
      const loader = await makeLoader({
        dataset: {
          module: new URL("rows-dataset.ts", import.meta.url).href,
          export: "openRows",
          options: { uri, name },
        },
        batchSize: 4,
        seed: 0,
        shuffle: false,
        dropLast: false,
        transforms: [],
        numWorkers: 2,
        prefetchBatches: 2,
        onCorrupt: "fail",
      });
      const values: number[] = [];
      for await (const batch of loader.epoch(0) as AsyncIterable<Batch>) values.push(...batch.images);
      await loader.close();
      expect(values, `${uri} ${name}`).toEqual([...Float32Array.from((await read()).data)]);
    }
    await dataset.close();
  }
}, 60_000);
