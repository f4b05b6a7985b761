import { maeConfig, makeMae } from "@graticule/models";

const transformer = { embedDim: 32, depth: 2, numHeads: 2, mlpDim: 64 } as const;
const decoder = { decoderEmbedDim: 16, decoderDepth: 1, decoderNumHeads: 2, decoderMlpDim: 32 } as const;

export const smallMae = maeConfig("tiny", {
  ...transformer,
  ...decoder,
  imageSize: [8, 12],
  patchSize: 4,
  inChannels: 2,
});

export const makeSmallModel = () => makeMae(smallMae, { seed: 1 });
