import { type ClassifierConfig, makeClassifier, numPatches } from "@graticule/models";
import { softmaxCrossEntropy } from "@graticule/ops";
import { blockFlops } from "./block-flops.js";
import { randomImages } from "./random-images.js";
import { makeTrainingStep } from "./training-step.js";

/** Each call fine-tunes for one step: forward, cross-entropy, backward, AdamW, loss read. */
export function makeFinetuneStep(config: ClassifierConfig, batchSize: number): (index: number) => number {
  const model = makeClassifier(config, { seed: 0 });
  const images = randomImages(config, batchSize);
  const labels = Int32Array.from({ length: batchSize }, (_, index) => (index * 37) % config.numClasses);
  return makeTrainingStep(model, () => softmaxCrossEntropy(model.forward(images), labels));
}

/** Each call classifies the batch and reads the logits. */
export function makeInference(config: ClassifierConfig, batchSize: number): () => void {
  const model = makeClassifier(config, { seed: 0 });
  const images = randomImages(config, batchSize);
  return () => {
    const logits = model.forward(images);
    logits.dataSync();
    logits.dispose();
  };
}

/** Matrix-product FLOPs of one image's forward pass. */
export function classifierFlops(config: ClassifierConfig): number {
  const { embedDim, depth, patchSize, inChannels, numClasses } = config;
  const tokens = numPatches(config);
  const embed = 2 * tokens * inChannels * patchSize * patchSize * embedDim;
  return embed + depth * blockFlops(tokens + 1, embedDim) + 2 * embedDim * numClasses;
}
