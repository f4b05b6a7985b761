import { valueAndGrad } from "@graticule/autodiff";
import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { classTargets, multiLabelLoss, regressionLoss, segmentationLoss } from "../../src/index.js";
import { backends } from "../backends.js";

const numberOf = (loss: Tensor): number => loss.dataSync()[0] as number;

/** The gradient along each input value, beside differences of the loss. */
function checkGradient(at: Tensor, loss: (x: Tensor) => Tensor): void {
  const { gradients } = valueAndGrad(() => loss(at) as never, [at as never]);
  const slopes = (gradients[0] as Tensor).dataSync();
  const values = [...at.dataSync()];
  const h = 1e-2;
  for (const [index, slope] of slopes.entries()) {
    const moved = (step: number) =>
      tidy(() =>
        numberOf(
          loss(
            tensor(
              values.map((value, each) => (each === index ? value + step : value)),
              at.shape,
            ),
          ),
        ),
      );
    expect(slope).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 2);
  }
}

describe.each(backends)("losses of tasks on $name", ({ skip, use }) => {
  const logits = () => tensor([1, 2, 0, 0, 3, -1, 0.5, 0.5], [1, 2, 2, 2]);
  // 9 stands for no class: PyTorch's ignore_index.
  const targets = () => classTargets(tensor([7, 9, 4, 7], [1, 2, 2]), [4, 7]);

  test.skipIf(skip)(
    "segmentation is PyTorch's cross-entropy of the labelled pixels, with weights and Dice",
    async () => {
      await use();
      const weighted = { labelledPixels: 3, classWeights: Float32Array.of(0.5, 2) };
      expect(numberOf(segmentationLoss(logits(), targets(), { labelledPixels: 3 }))).toBeCloseTo(1.0245588 / 3, 6);
      expect(numberOf(segmentationLoss(logits(), targets(), weighted))).toBeCloseTo(2.0218925 / 3, 6);
      // Of classes 4 and 7 on the labelled pixels: p = 0.2689, 0.9820, 0.5 and the rest.
      const [p, q] = [0.26894142 + 0.98201379 + 0.5, 0.73105858 + 0.01798621 + 0.5];
      const dice = 1 - ((2 * 0.98201379 + 1) / (p + 1 + 1) + (2 * 1.23105858 + 1) / (q + 2 + 1)) / 2;
      const both = numberOf(segmentationLoss(logits(), targets(), { labelledPixels: 3, dice: 0.5 }));
      expect(both).toBeCloseTo(1.0245588 / 3 + dice / 2, 5);
      checkGradient(logits(), (x) =>
        segmentationLoss(x, targets(), { ...weighted, gamma: 2, labelSmoothing: 0.1, dice: 1 }),
      );
    },
  );

  test.skipIf(skip)("multi-label is PyTorch's binary cross-entropy, and the focal loss's", async () => {
    await use();
    const scores = tensor([0.5, -1, 2, 0, 3, -2], [2, 3]);
    const labels = tensor([1, 0, 1, 0, 1, 1], [2, 3]);
    const positiveWeights = Float32Array.of(1, 2, 3);
    expect(numberOf(multiLabelLoss(scores, labels))).toBeCloseTo(0.6304882, 6);
    expect(numberOf(multiLabelLoss(scores, labels, { positiveWeights }))).toBeCloseTo(1.3898716, 6);
    expect(numberOf(multiLabelLoss(scores, labels, { gamma: 2 }))).toBeCloseTo(0.3192516, 6);
    checkGradient(scores, (x) => multiLabelLoss(x, labels, { positiveWeights, gamma: 0.5 }));
  });

  test.skipIf(skip)(
    "regression is PyTorch's squared, absolute and Huber loss, without targets that are missing",
    async () => {
      await use();
      const predictions = tensor([0, 2, -3, 100], [1, 4]);
      const known = tensor([0.5, 0, 0, Number.NaN], [1, 4]);
      const of = (kind: "mse" | "mae" | "huber") =>
        numberOf(regressionLoss(predictions, known, { kind, delta: 1.5, targetsPerImage: 3 }));
      expect(of("mse")).toBeCloseTo(4.4166667, 6);
      expect(of("mae")).toBeCloseTo(1.8333333, 6);
      expect(of("huber")).toBeCloseTo(1.7916667, 6);
      const { gradients } = valueAndGrad(
        () => regressionLoss(predictions, known, { kind: "huber", delta: 1.5 }),
        [predictions as never],
      );
      expect([...(gradients[0] as Tensor).dataSync()].map((slope) => slope || 0)).toEqual([-0.125, 0.375, -0.375, 0]);
    },
  );
});
