import type { ChannelSchema } from "@graticule/data";
import type { MajorityBaseline, SegmentationMetrics } from "@graticule/eval";
import { plotConfusionMatrix, plotSegmentation } from "@graticule/plot";
import { percent } from "../percent.js";
import { pictureBands } from "../picture-bands.js";
import type { TaskReport, TaskScores } from "../task.js";

/** An image with its classes and those that were found, by place among the outputs; −1 for none. */
export interface SegmentedImage {
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly predictions: Int32Array;
}

/** Everything about a segmentation's answers, and what its commonest class alone would score. */
export interface SegmentationDetails {
  readonly metrics: SegmentationMetrics;
  readonly majority: MajorityBaseline;
}

/** A segmentation's scores, classes and pictures. */
export function segmentationReport(
  { numbers, details: { metrics, majority } }: TaskScores & { readonly details: SegmentationDetails },
  classNames: readonly string[],
  parts: readonly { readonly examples: readonly SegmentedImage[] }[],
  schema: ChannelSchema,
): TaskReport {
  const examples = parts.flatMap((part) => part.examples);
  const picture = examples[0] && {
    svg: plotSegmentation({ images: examples, shape: examples[0].shape, bands: pictureBands(schema), classNames }),
    alt: "Images with their classes and those that were found",
  };
  return {
    headline: {
      "mIoU %": percent(metrics.mIoU),
      "pixel accuracy %": percent(metrics.pixelAccuracy),
      "mean accuracy %": percent(metrics.meanAccuracy),
      "macro-F1 %": percent(metrics.macroF1),
      loss: numbers.loss.toFixed(4),
      "majority class: mIoU %": percent(majority.mIoU),
      "majority class: pixel accuracy %": percent(majority.pixelAccuracy),
    },
    figures: [
      {
        svg: plotConfusionMatrix({ matrix: metrics.confusionMatrix, classNames, title: "Confusion matrix of pixels" }),
        alt: "Confusion matrix of the segmentation's pixels",
      },
    ],
    sections: [
      {
        heading: "Classes",
        text: `${metrics.numPixels} labelled pixels. Means are over the classes that occur among labels or predictions. '${classNames[majority.label]}' is the commonest: told of every pixel, it would have the scores of 'commonest class' above.`,
        table: {
          columns: ["class", "IoU %", "precision %", "recall %", "F1 %", "pixels"],
          rows: metrics.perClass.map(({ iou, precision, recall, f1, support }, index) => [
            ...[classNames[index] as string, percent(iou), percent(precision), percent(recall), percent(f1)],
            String(support),
          ]),
        },
      },
      ...(picture ? [{ heading: "Pictures", figures: [picture] }] : []),
    ],
  };
}
