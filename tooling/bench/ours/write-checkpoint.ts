import { join } from "node:path";
import { makeRandom } from "@graticule/core";
import { ForConditionalGeneration, type ImageTextConfig, imageTextWeights, unmapWeights } from "@graticule/models";
import { float32ToBfloat16 } from "@graticule/nn";
import { writeWeights } from "@graticule/train";

/** Values that are drawn; tensors take them over and over. */
const DRAWN = 2 ** 20;

/** Most bytes of a file, as transformers splits them. */
const SHARD_BYTES = 5e9;

/** Bits of 1 in bfloat16. */
const ONE = 0x3f80;

/**
 * Writes a model of random weights (normal, 0.02; norms 1) in bfloat16, in the published names, as files with an index.
 * Returns its bytes.
 */
export async function writeCheckpoint(folder: string, config: ImageTextConfig): Promise<number> {
  const random = makeRandom(0, "checkpoint");
  const bits = float32ToBfloat16(Float32Array.from({ length: DRAWN }, () => 0.02 * random.normal()));
  const ones = new Uint16Array(DRAWN).fill(ONE);
  const parameters = new ForConditionalGeneration(config).namedParameters();
  const tensors = new Map(parameters.map(([name, { shape }]) => [name, { shape, dtype: "BF16" as const }]));
  const { tensors: theirs } = unmapWeights({ tensors, read: async () => new Float32Array(0) }, imageTextWeights);
  const files = await writeWeights(
    join(folder, "model.safetensors"),
    Array.from(theirs, ([name, { shape, dtype }]) => ({
      ...{ name, shape, dtype },
      async *write() {
        const isNorm = /norm\d?\.weight$|ln_\w+\.weight$/.test(name);
        const size = shape.reduce((product, length) => product * length, 1);
        for (let start = 0; start < size; start += DRAWN)
          yield new Uint8Array((isNorm ? ones : bits).buffer, 0, 2 * Math.min(DRAWN, size - start));
      },
    })),
    { shardBytes: SHARD_BYTES },
  );
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
