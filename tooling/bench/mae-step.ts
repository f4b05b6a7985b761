import { backward } from "@graticule/autodiff";
import { makeRandom } from "@graticule/core";
import { type MaeConfig, maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import { type Tensor, tensor4d, type Variable } from "@tensorflow/tfjs-core";

const MASK_RATIO = 0.75;

/** Makes a model and a batch of random images in memory; each call is one step: forward, backward, AdamW, loss read. */
export function makeMaeStep(config: MaeConfig, batchSize: number): (epoch: number) => number {
  const model = makeMae(config, { seed: 0 });
  const optimizer = makeAdamW({ groups: weightDecayGroups(model, 0.05), betas: [0.9, 0.95] });
  const pathOf = new Map<Variable, string>(
    model
      .namedParameters()
      .flatMap(([path, { trainable, variable }]) => (trainable ? [[variable, path] as const] : [])),
  );
  const random = makeRandom(0);
  const shape = [batchSize, config.inChannels, ...config.imageSize] as [number, number, number, number];
  const length = shape.reduce((product, side) => product * side, 1);
  const images = tensor4d(
    Float32Array.from({ length }, () => random.normal()),
    shape,
  );
  const indices = Int32Array.from({ length: batchSize }, (_, index) => index);

  return (epoch) => {
    const mask = makeMaeMask({ seed: 0, epoch, indices, numTokens: numPatches(config), maskRatio: MASK_RATIO });
    const gradients = new Map<string, Tensor>();
    const loss = backward(
      () => maeLoss(model, images, mask, { normPix: true }),
      [...pathOf.keys()],
      (variable, gradient) => gradients.set(pathOf.get(variable) as string, gradient),
    );
    for (const [path, gradient] of gradients) {
      optimizer.apply(path, gradient, 1.5e-4);
      gradient.dispose();
    }
    optimizer.step();
    const [value] = loss.dataSync();
    loss.dispose();
    return value as number;
  };
}

/** Matrix-product FLOPs of one image's training step, 3 × forward: the peer script's own formula. */
export function stepFlops(config: MaeConfig): number {
  const { embedDim, depth, patchSize, inChannels, decoderEmbedDim, decoderDepth } = config;
  const tokens = numPatches(config);
  const kept = Math.floor(tokens * (1 - MASK_RATIO)) + 1;
  const all = tokens + 1;
  const patchValues = inChannels * patchSize * patchSize;
  const block = (length: number, width: number): number => 24 * length * width * width + 4 * length * length * width;
  const encoder = 2 * (kept - 1) * patchValues * embedDim + depth * block(kept, embedDim);
  const embed = 2 * kept * embedDim * decoderEmbedDim;
  const decoder = decoderDepth * block(all, decoderEmbedDim) + 2 * all * decoderEmbedDim * patchValues;
  return 3 * (encoder + embed + decoder);
}
