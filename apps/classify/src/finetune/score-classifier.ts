import type { Loader } from "@graticule/data";
import { type ClassificationMetrics, classificationMetrics } from "@graticule/eval";
import type { Classifier } from "@graticule/models";
import { type Strategy, singleDevice } from "@graticule/train";
import { tensor4d, zeros } from "@tensorflow/tfjs-core";

/** How a classifier does on held-out images. */
export interface ClassifierScores {
  /** Mean cross-entropy. Units: nats. */
  readonly loss: number;
  readonly metrics: ClassificationMetrics;
}

/** Scores a classifier on all images of a loader, of which each rank has its share; all get the same. Collective. */
export async function scoreClassifier(
  classifier: Classifier,
  loader: Loader,
  { gather }: Pick<Strategy, "gather"> = singleDevice(),
): Promise<ClassifierScores> {
  const { inChannels, imageSize, numClasses } = classifier.config;
  const own: [index: number, label: number, logits: number[]][] = [];
  for await (const { images, shape, labels, indices } of loader.epoch(0)) {
    const count = shape[0];
    // A rank without images of an incomplete last batch takes part all the same: models that are divided need it.
    const input = count > 0 ? tensor4d(images, [...shape]) : zeros([1, inChannels, ...imageSize]);
    const output = classifier.forward(input);
    const logits = await output.data();
    input.dispose();
    output.dispose();
    for (let row = 0; row < count; row++)
      own.push([
        indices[row] as number,
        labels[row] as number,
        [...logits.subarray(row * numClasses, (row + 1) * numClasses)],
      ]);
  }
  // Ranks that divide layers have the same images.
  const items = [...new Map((await gather(own)).flat().map((item) => [item[0], item])).values()];
  items.sort(([a], [b]) => a - b);
  const scores = Float32Array.from(items.flatMap(([, , logits]) => logits));
  const labels = Int32Array.from(items, ([, label]) => label);
  const losses = items.map(([, label, logits]) => crossEntropy(logits, label));
  return {
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    metrics: classificationMetrics(scores, labels, numClasses, { seed: 0 }),
  };
}

function crossEntropy(logits: readonly number[], label: number): number {
  const highest = Math.max(...logits);
  return (
    Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) + highest - (logits[label] as number)
  );
}
