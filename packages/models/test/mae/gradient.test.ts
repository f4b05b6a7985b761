import { valueAndGrad } from "@graticule/autodiff";
import { makeRandom } from "@graticule/core";
import { initialize, normal } from "@graticule/nn";
import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Mae, type MaeConfig, maeInitRules, maeLoss, makeMaeMask, numPatches } from "../../src/index.js";
import { backends } from "../backends.js";

const base: MaeConfig = {
  imageSize: [8, 12],
  patchSize: 4,
  inChannels: 13,
  embedDim: 16,
  depth: 1,
  numHeads: 2,
  mlpDim: 32,
  decoderEmbedDim: 12,
  decoderDepth: 1,
  decoderNumHeads: 3,
  decoderMlpDim: 24,
};

function randomTensor(shape: number[], ...path: (string | number)[]): Tensor {
  const random = makeRandom(5, ...path);
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
  );
}

// On wasm the gradients are compared with the reference's instead: these are a thousand forward passes.
for (const { name: backend, skip, use } of backends.filter(({ name }) => name !== "wasm"))
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test.each([
      ["13 channels, 2 × 3 patches, normalized pixels", base, true],
      ["2 channels, 4 × 2 patches, plain pixels", { ...base, inChannels: 2, imageSize: [12, 6], patchSize: 3 }, false],
    ] as const)("the loss changes along random directions as its gradient says: %s", async (_, config, normPix) => {
      // Values of one size everywhere: the class token's usual 0.02 would curve within a step of 0.01.
      const model = initialize(new Mae(config), [...maeInitRules(config).slice(0, 2), ["**", normal(0.3)]], 1);
      const images = randomTensor([2, config.inChannels, ...config.imageSize], "images");
      const mask = makeMaeMask({ seed: 1, epoch: 0, indices: [4, 9], numTokens: numPatches(config), maskRatio: 0.5 });
      const loss = () => maeLoss(model, images, mask, { normPix });
      const lossValue = () => tidy(() => loss().dataSync()[0] as number);
      const trained = model.namedParameters().filter(([, parameter]) => parameter.trainable);
      const { value, gradients } = valueAndGrad(
        loss,
        trained.map(([, { variable }]) => variable),
      );
      for (const [index, [path, parameter]] of trained.entries()) {
        const at = parameter.variable.dataSync().slice() as Float32Array;
        const gradient = gradients[index]!.dataSync() as Float32Array;
        const direction = randomTensor([...parameter.shape], path).dataSync();
        const slope = gradient.reduce((sum, value, axis) => sum + value * direction[axis]!, 0);
        const along = (step: number) => {
          parameter.assign(at.map((value, axis) => value + step * direction[axis]!));
          return lossValue();
        };
        // Fourth-order difference. The rounding of a float32 loss near 1 (6e-8) over steps of 0.01 leaves about 1e-5.
        const h = 0.01;
        const difference = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
        parameter.assign(at);
        const scale = Math.max(Math.hypot(...gradient), 1e-2);
        expect.soft(Math.abs(difference - slope) / scale, path).toBeLessThan(5e-3);
      }
      value.dispose();
      for (const gradient of gradients) gradient?.dispose();
      model.dispose();
    });
  });
