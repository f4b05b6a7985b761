import { mean, type Tensor, tensor4d, unstack } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { makeClassifier, makeVitWithHeads, VisionTower, type VitWithHeadsConfig } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

const config: VitWithHeadsConfig = {
  ...{ imageSize: [4, 6], patchSize: 2, inChannels: 3, embedDim: 8, depth: 4, numHeads: 2, mlpDim: 12 },
  channelGroups: { channels: [[0, 2], [1]], embedDim: 2 },
  heads: [
    { kind: "linear", outputs: 3 },
    { kind: "pooled", outputs: 3 },
    { kind: "upernet", outputs: 5, width: 4 },
  ],
};

describe.each(backends)("heads on a ViT of channel groups on $name", ({ skip, use }) => {
  test.skipIf(skip)("read the mean of the groups' tokens at each place", async () => {
    await use();
    const model = makeVitWithHeads(config, { seed: 1 });
    const images = randomTensor([2, 3, 4, 6], "images");
    const tokens = (await model.forwardFeatures(images).array()) as number[][][]; // [B, 1 + G·N, D]
    const count = 2 * 3; // N
    const ofPlaces = tokens.map((image) =>
      Array.from({ length: count }, (_, place) =>
        (image[1 + place] as number[]).map((value, d) => (value + (image[1 + count + place]?.[d] as number)) / 2),
      ),
    );
    const map = tensor4d(ofPlaces.flat(2), [2, 2, 3, 8]);
    const [linear, pooled, upernet] = model.forwardHeads(images) as [Tensor, Tensor, Tensor];
    await expectClose(linear, await values(model.heads[0]?.forward([map], [4, 6])), 1e-5);
    await expectClose(pooled, await values(model.heads[1]?.forward([map], [4, 6])), 1e-5);
    expect(upernet.shape).toEqual([2, 4, 6, 5]);
  });
});

describe.each(backends)("a ViT without a class token on $name", ({ skip, use }) => {
  test.skipIf(skip)(
    "is SigLIP's tower, and pools the mean of its tokens alike in a classifier and in heads",
    async () => {
      await use();
      const { channelGroups: _, heads, ...sizes } = config;
      const shape = { ...sizes, imageSize: [4, 4], classToken: false, activation: "gelu-tanh" } as const;
      const model = makeVitWithHeads({ ...shape, heads: heads.slice(1, 2) }, { seed: 1 });
      const images = randomTensor([2, 3, 4, 4], "images");
      const state = model.stateDict();
      const encoder = new Map([...state].filter(([name]) => !name.startsWith("heads.")));
      const tower = new VisionTower({ ...shape, imageSide: 4, normEpsilon: 1e-6 });
      await tower.loadStateDict(encoder);
      const { tokens } = tower.forward(unstack(images));
      await expectClose(model.forwardFeatures(images), await values(tokens), 1e-5);
      await expectClose(model.features(images), await values(mean(tokens, 1)), 1e-5);

      const classifier = makeClassifier({ ...shape, pool: "mean", numClasses: 3 }, { seed: 2 });
      const renamed = Array.from(state, ([name, value]) => [name.replace("heads.0.proj.", "head."), value] as const);
      await classifier.loadStateDict(new Map(renamed));
      await expectClose(classifier.forward(images), await values(model.forwardHeads(images)[0]), 1e-5);
      expect(() => makeClassifier({ ...shape, pool: "cls", numClasses: 3 }, { seed: 2 })).toThrow(
        "vitConfig: expected pool 'mean' and no channelGroups without a class token, got pool 'cls'.",
      );
    },
  );
});

const values = (tensor: Tensor | undefined): Promise<Float32Array> => tensor?.data() as Promise<Float32Array>;
