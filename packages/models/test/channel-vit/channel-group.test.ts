import { valueAndGrad } from "@graticule/autodiff";
import { initialize, normal } from "@graticule/nn";
import { memory, mul, reshape, type Scalar, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type ChannelTree, ChannelVit, type ChannelVitConfig, channelTree, channelVitConfig } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";
import { reduceNested } from "./nested-reference.js";

const inChannels = 13;
const trees: Readonly<Record<string, ChannelTree>> = {
  flat: channelTree("flat", { inChannels }),
  "tree0 linear": channelTree("tree0", { inChannels, groups: 3, reducer: "linear" }),
  "tree0 cross-attention": channelTree("tree0", { inChannels, groups: 3, reducer: "cross-attention" }),
  "tree2 linear": channelTree("tree2", { inChannels, groups: 3, reducer: "linear" }),
  "tree2 cross-attention": channelTree("tree2", { inChannels, groups: 3, reducer: "cross-attention" }),
  "groups named channel by channel": channelTree("tree0", {
    inChannels,
    groups: [[12, 0, 5], [7], [1, 2, 3, 4, 6, 8, 9, 10, 11]],
    reducer: "linear",
  }),
  "mixed reducers, three levels": {
    reducer: "linear",
    groups: [
      {
        reducer: "cross-attention",
        groups: [
          { reducer: "linear", channels: [0, 1, 2] },
          { reducer: "cross-attention", channels: [3, 5] },
        ],
      },
      {
        reducer: "linear",
        groups: [
          { reducer: "cross-attention", channels: [4, 6, 7, 8] },
          { reducer: "linear", channels: [9] },
        ],
      },
      { reducer: "cross-attention", channels: [10, 11, 12] },
    ],
  },
};

const size = { imageSize: [4, 6], patchSize: 2, embedDim: 12, depth: 1, numHeads: 3, mlpDim: 24 } as const;

function build(channelTree: ChannelTree, overrides: Partial<ChannelVitConfig> = {}): ChannelVit {
  const config = channelVitConfig("tiny", { ...size, inChannels, channelTree, leadTime: false, ...overrides });
  // Random values everywhere, so that no tensor's use goes unseen; queries and embeddings too.
  return initialize(new ChannelVit(config), [["**", normal(0.4)]], 3);
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test.each(Object.keys(trees))(
      "the tree '%s' equals all tokens reduced node by node, with its gradients",
      async (name) => {
        const model = build(trees[name] as ChannelTree);
        const images = randomTensor([2, inChannels, 4, 6], "images");
        const weights = randomTensor([2 * 6, 12], "weights");
        const reducers = model.namedParameters().filter(([path]) => path.startsWith("channels."));
        const variables = reducers.map(([, { variable }]) => variable);
        const nested = () => reduceNested(model.config.channelTree, images, { state: model.stateDict(), numHeads: 3 });
        const own = () => reshape(model.aggregate(images), [12, 12]);
        const before = memory().numTensors;
        const gradientsOf = (f: () => Tensor) => valueAndGrad(() => sum(mul(f(), weights)) as Scalar, variables);
        await expectClose(tidy(own), (await tidy(nested).data()) as Float32Array, 1e-5);
        const [found, expected] = [gradientsOf(own), gradientsOf(nested)];
        for (const [index, [path]] of reducers.entries()) {
          const gradient = found.gradients[index] as Tensor;
          expect(gradient, path).not.toBeNull();
          const reference = expected.gradients[index];
          // A key's bias changes no softmax, and so a leaf's attention leaves it out.
          if (reference) await expectClose(gradient, (await reference.data()) as Float32Array, 2e-5);
        }
        for (const { value, gradients } of [found, expected]) {
          value.dispose();
          for (const gradient of gradients) gradient?.dispose();
        }
        expect(memory().numTensors - before).toBe(2); // the two results compared
        model.dispose();
      },
    );
  });
