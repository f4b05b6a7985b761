import { expect, test } from "vitest";
import { makeLoader } from "../src/index.js";

test("memory stays flat over many epochs with workers", async () => {
  const loader = await makeLoader({
    dataset: {
      module: new URL("./numbered-dataset.ts", import.meta.url).href,
      export: "openNumbered",
      options: { length: 80 },
    },
    batchSize: 8,
    seed: 0,
    shuffle: true,
    dropLast: true,
    transforms: [{ kind: "resize", size: [256, 256], interpolation: "bilinear" }], // 4 MiB a batch
    numWorkers: 2,
    prefetchBatches: 4,
    onCorrupt: "fail",
  });
  const residentMB: number[] = [];
  for (let epoch = 0; epoch < 40; epoch++) {
    for await (const _ of loader.epoch(epoch));
    residentMB.push(process.memoryUsage.rss() / 2 ** 20);
  }
  await loader.close();
  // 40 MiB of batches pass in an epoch, 800 MiB in the second half; what a collection is behind is far less.
  expect(Math.max(...residentMB.slice(20)) - Math.max(...residentMB.slice(0, 20))).toBeLessThan(100);
  expect(residentMB.at(-1)! - residentMB[0]!).toBeLessThan(500);
});
