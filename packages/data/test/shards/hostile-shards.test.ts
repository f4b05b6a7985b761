import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { fuzzLimit } from "../../../../tooling/test/fuzz-limit.js";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import { openPackedShards, packDataset } from "../../src/index.js";

const folder = makeTemporaryFolder().path;
const limit = fuzzLimit(300);

test("files changed at random are read rightly or refused", { timeout: limit.timeoutMs }, async () => {
  const shape = [2, 3, 4] as const;
  const pixels = Float32Array.from({ length: 24 }, (_, index) => index);
  const read = async () => ({ pixels, shape, id: "a", label: 1 });
  const dataset = { length: 5, schema: [{ name: "a" }, { name: "b" }], read };
  await packDataset(dataset, folder, { dtype: "bf16", recordsPerShard: 2, onCorrupt: "fail" });
  const names = ["index.json", "shard-00000.bin", "shard-00001.bin", "shard-00002.bin"];
  const files = names.map((name) => readFileSync(join(folder, name)));
  const hostile = join(folder, "hostile");
  mkdirSync(hostile);
  for (const [k, name] of names.entries()) writeFileSync(join(hostile, name), files[k] as Buffer);

  let [mutations, refused] = [0, 0];
  for (; limit.goesOn(mutations); mutations++) {
    const random = makeRandom(11, "mutation", mutations);
    const victim = random.integer(names.length);
    const path = join(hostile, names[victim] as string);
    writeFileSync(path, mutate(files[victim] as Buffer, random));
    try {
      const packed = await openPackedShards({ folder: hostile });
      try {
        for (let index = 0; index < Math.min(packed.length, 5); index++) {
          const sample = await packed.read(index);
          // The index has no checksum of its own: only what it says of the records can differ.
          if (victim > 0) expect(sample).toEqual({ pixels, shape, id: "a", label: 1 });
        }
      } finally {
        await packed.close();
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "GRATICULE_FORMAT", path: expect.stringContaining(hostile) });
      refused += 1;
    }
    writeFileSync(path, files[victim] as Buffer);
  }
  expect(refused).toBeGreaterThan(mutations / 3);
});

function mutate(bytes: Buffer, random: ReturnType<typeof makeRandom>): Buffer {
  if (random.integer(8) === 0) return bytes.subarray(0, random.integer(bytes.length));
  const changed = Buffer.from(bytes);
  for (let times = 1 + random.integer(4); times > 0; times--)
    changed[random.integer(changed.length)] = random.integer(2) ? random.integer(256) : 48 + random.integer(10);
  return random.integer(10) === 0
    ? Buffer.concat([changed, changed.subarray(random.integer(changed.length))])
    : changed;
}
