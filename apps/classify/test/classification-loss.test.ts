import { openBackend } from "@graticule/train";
import { tensor2d } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { makeClassificationLoss } from "../src/finetune/tasks/classification/classification-loss.js";
import { finetuneConfig } from "../src/index.js";

beforeAll(() => openBackend({ name: "cpu", device: "cpu", precision: "fp32", threads: 0 }));

const { loss: lossConfig } = finetuneConfig.shape;
const logits = [2, 0, -1];
const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));

function lossOf(settings: object, counts: readonly number[] = []): number {
  const loss = makeClassificationLoss(lossConfig.parse(settings), ["a", "b", "c"], counts);
  return loss(tensor2d(logits, [1, 3]), Int32Array.of(1)).dataSync()[0] as number;
}

test("classes count as they are weighed, balanced ones by how rare they are", () => {
  expect(lossOf({})).toBeCloseTo(logSum, 5);
  expect(lossOf({ classWeights: { b: 0.25 } })).toBeCloseTo(0.25 * logSum, 5);
  expect(lossOf({ classWeights: "balanced" }, [10, 2, 6])).toBeCloseTo((18 / (3 * 2)) * logSum, 5);
  const p = Math.exp(-logSum);
  expect(lossOf({ kind: "focal", focal: { gamma: 2, alpha: 0.5 } })).toBeCloseTo(0.5 * (1 - p) ** 2 * logSum, 5);
});

test("weights of unknown classes, and of classes without images, are refused", () => {
  expect(() => lossOf({ classWeights: { d: 1 } })).toThrow("loss.classWeights: expected classes of a, b, c, got d.");
  expect(() => lossOf({ classWeights: "balanced" }, [1, 0, 1])).toThrow(
    "loss.classWeights: expected images of each class, got none of b.",
  );
});
