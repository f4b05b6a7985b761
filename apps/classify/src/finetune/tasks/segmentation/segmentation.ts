import type { Batch } from "@graticule/data";
import { countConfusion, majorityBaseline, segmentationMetrics } from "@graticule/eval";
import { classTargets, segmentationLoss } from "@graticule/models";
import {
  argMax,
  logSoftmax,
  mul,
  neg,
  reshape,
  slice,
  softmax,
  sum,
  type Tensor,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { balancedByShare, classWeightsOf } from "../class-weights.js";
import { headOf } from "../dense-head.js";
import { targetArray } from "../target-array.js";
import type { HeadTask, TaskKind } from "../task.js";
import { countClasses, type SegmentationFacts } from "./class-numbers.js";
import { type SegmentedImage, segmentationReport } from "./segmentation-report.js";
import type { SegmentationSettings } from "./settings.js";

/** Labelled pixels by true and predicted class, and the sum of their losses. */
interface SegmentationPart {
  readonly counts: readonly number[];
  readonly loss: number;
  readonly examples: readonly SegmentedImage[];
}

/** A class for each pixel. */
export const segmentation: TaskKind<SegmentationSettings, SegmentationFacts> = {
  learn: countClasses,

  open(settings, { classValues, classNames, counts, labelledShare }, { model }): HeadTask<SegmentationPart> {
    const numClasses = classNames.length;
    const { classWeights: weights, ...loss } = settings.loss;
    const [height, width] = model.imageSize;
    const balanced = balancedByShare(counts);
    const classWeights = classWeightsOf("task.loss.classWeights", weights, classNames, counts, balanced, "pixels");
    const options = { ...loss, classWeights, labelledPixels: labelledShare * height * width };
    const targetsOf = (batch: Batch): Tensor => classTargets(labelMaps(batch, settings.target), classValues);
    const placeOf = new Map(classValues.map((value, place) => [value, place]));
    const judge = (parts: readonly SegmentationPart[]) => {
      const total = (parts[0]?.counts ?? []).map((_, at) =>
        parts.reduce((all, part) => all + (part.counts[at] ?? 0), 0),
      );
      const metrics = segmentationMetrics(total, numClasses);
      const { mIoU, pixelAccuracy, meanAccuracy, macroF1, numPixels } = metrics;
      const mean = parts.reduce((all, part) => all + part.loss, 0) / numPixels;
      const majority = majorityBaseline(metrics.confusionMatrix);
      return { numbers: { loss: mean, mIoU, pixelAccuracy, meanAccuracy, macroF1 }, details: { metrics, majority } };
    };
    return {
      head: headOf(settings, numClasses),
      meaning: { kind: "classes", activation: "softmax", classNames, classValues },
      monitors: { mIoU: "higher", pixelAccuracy: "higher", macroF1: "higher", loss: "lower" },
      loss: (logits, batch) => tidy(() => segmentationLoss(logits, targetsOf(batch), options)),
      activate: (logits) => softmax(logits),
      makeCounter(examples = 0) {
        const confusion = new Float64Array(numClasses ** 2);
        const kept: SegmentedImage[] = [];
        let lossSum = 0;
        return {
          async add(logits, batch) {
            const found = tidy(() => argMax(logits, -1)); // [B, H, W]
            const lost = tidy(() => neg(sum(mul(logSoftmax(logits), targetsOf(batch)))));
            const predictions = await found.data();
            lossSum += (await lost.data())[0] as number;
            found.dispose();
            lost.dispose();
            const labels = classPlaces(batch, settings.target, placeOf);
            countConfusion(confusion, predictions, labels, numClasses);
            kept.push(...cutExamples(batch, predictions, labels).slice(0, examples - kept.length));
          },
          part: () => ({ counts: [...confusion], loss: lossSum, examples: kept }),
        };
      },
      judge,
      report: (parts, schema) => segmentationReport(judge(parts), classNames, parts, schema),
    };
  },
};

/** The first map of each sample. Shape: `[B, T, H, W] → [B, H, W]`. */
function labelMaps({ arrays }: Batch, name: string): Tensor {
  const { data, shape } = targetArray(arrays, name);
  const [batch, , height, width] = shape as [number, number, number, number];
  return reshape(slice(tensor(data, [...shape]), [0, 0, 0, 0], [-1, 1, -1, -1]), [batch, height, width]);
}

/** Each pixel's class by its place among the outputs; −1 for none. Shape: `[B, H, W]`. */
function classPlaces({ arrays }: Batch, name: string, placeOf: ReadonlyMap<number, number>): Int32Array {
  const { data, shape } = targetArray(arrays, name);
  const [batch, maps, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const places = new Int32Array(batch * plane);
  for (let image = 0; image < batch; image++)
    for (let pixel = 0; pixel < plane; pixel++)
      places[image * plane + pixel] = placeOf.get(data[image * maps * plane + pixel] as number) ?? -1;
  return places;
}

function cutExamples(
  { images, shape: [batch, channels, height, width] }: Batch,
  predictions: ArrayLike<number>,
  labels: Int32Array,
): SegmentedImage[] {
  const plane = height * width;
  const found = Int32Array.from(predictions);
  return Array.from({ length: batch }, (_, image) => ({
    shape: [channels, height, width],
    pixels: images.slice(image * channels * plane, (image + 1) * channels * plane),
    labels: labels.slice(image * plane, (image + 1) * plane),
    predictions: found.slice(image * plane, (image + 1) * plane),
  }));
}
