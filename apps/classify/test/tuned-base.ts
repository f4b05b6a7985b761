import { makeVit } from "@graticule/models";
import { openBackend, saveCheckpoint } from "@graticule/train";
import { describeVit, vitConfigFor, vitModelConfig } from "../src/vit-model-config.js";

const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;

/** The shape of a tiny ViT for square images, as settings have it. */
export const tinyVit = (side: number) =>
  vitModelConfig.parse({
    ...{ kind: "vit", imageSize: [side, side], patchSize: 4, embedDim: 8, depth: 2, numHeads: 2, mlpDim: 16 },
    ...{ normEpsilon: 1e-6, pool: "mean" },
  });

/** Writes a run that holds a tiny ViT with its first values. */
export async function writeTinyRun(
  runFolder: string,
  side: number,
  data: object,
  channels: readonly string[],
): Promise<void> {
  await openBackend(backend);
  const shape = vitConfigFor(tinyVit(side), channels.length);
  const vit = makeVit(shape, { seed: 3 });
  await saveCheckpoint({
    ...{ runFolder, keep: 1, model: vit.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: {
      ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0, seed: 3 },
      schema: channels.map((name) => ({ name, mean: 90, std: 50 })),
      config: JSON.parse(JSON.stringify({ seed: 3, data, model: describeVit(shape) })),
    },
  });
  vit.dispose();
}
