import { makeHyperspectralMae, makeVit } from "@graticule/models";
import type { Module } from "@graticule/nn";
import { openBackend, saveCheckpoint } from "@graticule/train";
import { hyperspectralConfigFor } from "../src/hyperspectral-model-config.js";
import { maskedModelConfig } from "../src/masked-model-config.js";
import { describeVit, vitConfigFor, vitModelConfig } from "../src/vit-model-config.js";

const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;

/** The shape of a tiny ViT for square images, as settings have it. */
export const tinyVit = (side: number) =>
  vitModelConfig.parse({
    ...{ kind: "vit", imageSize: [side, side], patchSize: 4, embedDim: 8, depth: 2, numHeads: 2, mlpDim: 16 },
    ...{ normEpsilon: 1e-6, pool: "mean" },
  });

const schemaOf = (channels: readonly string[]) => channels.map((name) => ({ name, mean: 90, std: 50 }));

/** Writes a run that holds a tiny ViT with its first values. */
export async function writeTinyRun(
  runFolder: string,
  side: number,
  data: object,
  channels: readonly string[],
): Promise<void> {
  await openBackend(backend);
  const shape = vitConfigFor(tinyVit(side), channels.length);
  await writeRun(runFolder, makeVit(shape, { seed: 3 }), { data, model: describeVit(shape) }, schemaOf(channels));
}

/** Writes a run that holds a tiny masked autoencoder of two groups of channels, for three bands, with its first values. */
export async function writeHyperspectralRun(runFolder: string, side: number, data: object): Promise<void> {
  await openBackend(backend);
  const schema = schemaOf(["red", "green", "blue"]);
  const model = maskedModelConfig.parse({
    ...{ kind: "hyperspectral-mae", preset: "tiny", imageSize: [side, side], patchSize: 4, embedDim: 8, depth: 2 },
    ...{ numHeads: 2, mlpDim: 16, decoderEmbedDim: 4, decoderDepth: 1, decoderNumHeads: 2 },
    ...{ tree: "tree0", groups: 2, reducer: "linear" },
  });
  if (model.kind !== "hyperspectral-mae") throw new Error("another kind");
  const mae = makeHyperspectralMae(hyperspectralConfigFor(model, schema), { seed: 3 });
  await writeRun(runFolder, mae, { data, model }, schema);
}

async function writeRun(
  runFolder: string,
  module: Module,
  config: object,
  schema: ReturnType<typeof schemaOf>,
): Promise<void> {
  await saveCheckpoint({
    ...{ runFolder, keep: 1, model: module.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: {
      ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0, seed: 3, schema },
      config: JSON.parse(JSON.stringify({ seed: 3, ...config })),
    },
  });
  module.dispose();
}
