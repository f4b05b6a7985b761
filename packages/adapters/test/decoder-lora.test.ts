import { CausalLanguageModel, DecoderCache, type DecoderConfig } from "@graticule/models";
import { initialize, normal, ones } from "@graticule/nn";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeModelsOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { addLora, mergeAndUnload } from "../src/index.js";
import { disturb } from "./tiny-model.js";

const config: DecoderConfig = {
  ...{ vocabSize: 20, embedDim: 8, depth: 2, numHeads: 2, mlpDim: 12, queryRank: 6, keyValueRank: 5 },
  ...{ nopeHeadDim: 3, ropeHeadDim: 2, valueHeadDim: 4, normEpsilon: 1e-5, ropeTheta: 100, longRope: undefined },
  ...{ contextLength: 16, embeddingScale: 2, depthScale: 1.4, logitBaseDim: 4, tieEmbeddings: true },
};

describeModelsOnBackends("LoRA on a decoder with latent attention", () => {
  it("gives the same with a cache as without, and merged as apart", () => {
    const model = initialize(
      new CausalLanguageModel(config),
      [
        ["**norm.weight", ones],
        ["**", normal(0.3)],
      ],
      1,
    );
    const plain = numbers(model.forward([[1, 2, 3, 4]]));
    addLora(model, { loraRank: 2, loraAlpha: 4, targets: ["model.layers.*.self_attn.{q_b_proj,kv_b_proj}"], seed: 0 });
    expectClose(numbers(model.forward([[1, 2, 3, 4]])), plain, 1e-6);
    disturb(model, /lora/);
    const adapted = numbers(model.forward([[1, 2, 3, 4]]));
    expect(adapted).not.toEqual(plain);
    const cached = (): number[] => {
      const cache = new DecoderCache();
      const steps = [[1, 2, 3], [4]].map((tokens) => model.forward([tokens], { cache }));
      cache.dispose();
      return numbers(tf.concat(steps, 1));
    };
    expectClose(cached(), adapted, 1e-5);
    mergeAndUnload(model);
    expectClose(numbers(model.forward([[1, 2, 3, 4]])), adapted, 1e-5);
    expectClose(cached(), adapted, 1e-5);
  });
});
