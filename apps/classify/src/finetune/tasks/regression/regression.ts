import { ConfigError } from "@graticule/core";
import type { Batch, Dataset } from "@graticule/data";
import { addErrors, type ErrorSums, noErrors, regressionMetrics } from "@graticule/eval";
import { regressionLoss } from "@graticule/models";
import {
  add,
  div,
  equal,
  fill,
  logicalOr,
  mul,
  sub,
  type Tensor,
  tensor,
  tensor1d,
  tidy,
  transpose,
  where,
} from "@tensorflow/tfjs-core";
import { headOf } from "../dense-head.js";
import { readTargets, targetArray } from "../target-array.js";
import type { HeadTask, TaskKind } from "../task.js";
import { regressionReport } from "./regression-report.js";
import type { RegressionSettings } from "./settings.js";

/** Statistics of the training targets, by which they are normalized. */
export interface RegressionFacts {
  readonly names: readonly string[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Share of the targets that are known. */
  readonly knownShare: number;
}

interface RegressionPart {
  readonly sums: readonly ErrorSums[];
  readonly loss: number;
  readonly images: number;
  /** Pairs of target and prediction to be drawn, of each output. */
  readonly examples: readonly (readonly (readonly [target: number, prediction: number])[])[];
}

/** Numbers for each image, or for each pixel. */
export const regression: TaskKind<RegressionSettings, RegressionFacts> = {
  learn: measureTargets,

  open(settings, { names, mean, std, knownShare }, { model }): HeadTask<RegressionPart> {
    const { target, ignoreValues, unit, loss } = settings;
    const isDense = settings.head !== "pooled";
    const perImage = (isDense ? model.imageSize[0] * model.imageSize[1] : 1) * names.length;
    const options = { ...loss, targetsPerImage: knownShare * perImage };
    const normalize = (values: Tensor): Tensor => div(sub(values, tensor1d([...mean])), tensor1d([...std]));
    const activate = (outputs: Tensor): Tensor =>
      tidy(() => add(mul(outputs, tensor1d([...std])), tensor1d([...mean])));
    const targetsOf = (batch: Batch): Tensor => tidy(() => withoutIgnored(targetMaps(batch, target), ignoreValues));
    const lossOf = (outputs: Tensor, batch: Batch) =>
      tidy(() => regressionLoss(outputs, normalize(targetsOf(batch)), options));
    const judge = (parts: readonly RegressionPart[]) => {
      const metrics = names.map((_, output) => regressionMetrics(parts.map(({ sums }) => sums[output] as ErrorSums)));
      const images = parts.reduce((all, part) => all + part.images, 0);
      const mean = parts.reduce((all, part) => all + part.loss, 0) / images;
      const over = (name: "rmse" | "mae" | "r2" | "bias"): number =>
        metrics.reduce((all, each) => all + each[name], 0) / metrics.length;
      const numbers = { loss: mean, rmse: over("rmse"), mae: over("mae"), r2: over("r2"), bias: over("bias") };
      return { numbers, details: { metrics: Object.fromEntries(names.map((name, at) => [name, metrics[at]])) } };
    };
    return {
      head: headOf(settings, names.length),
      meaning: { kind: "values", names, ...(unit !== undefined && { unit }) },
      monitors: { rmse: "lower", mae: "lower", r2: "higher", loss: "lower" },
      loss: lossOf,
      activate,
      makeCounter(examples = 0) {
        let sums = names.map((_, output) => noErrors(mean[output] as number));
        const kept = names.map((): [number, number][] => []);
        let [lossSum, images] = [0, 0];
        return {
          async add(outputs, batch) {
            const tensors = tidy(() => [activate(outputs), targetsOf(batch), lossOf(outputs, batch)]) as [
              Tensor,
              Tensor,
              Tensor,
            ];
            const [predictions, targets, lost] = await Promise.all(tensors.map((each) => each.data()));
            for (const each of tensors) each.dispose();
            const count = batch.shape[0];
            lossSum += count * (lost?.[0] as number);
            images += count;
            sums = sums.map((own, output) => {
              const pairs = pairsOf(predictions as Float32Array, targets as Float32Array, output, names.length);
              kept[output]?.push(...thin(pairs, examples * PAIRS_OF_IMAGE - (kept[output]?.length ?? 0)));
              return addErrors(own, ...pairs);
            });
          },
          part: () => ({ sums, loss: lossSum, images, examples: kept }),
        };
      },
      judge,
      report: (parts) => regressionReport(judge(parts), { names, unit }, parts),
    };
  },
};

/** Points that are drawn for each image that is kept. */
const PAIRS_OF_IMAGE = 200;

type Pairs = readonly [predictions: Float32Array, targets: Float32Array];

/** One output of all. Layout: outputs last. */
function pairsOf(predictions: Float32Array, targets: Float32Array, output: number, outputs: number): Pairs {
  if (outputs === 1) return [predictions, targets];
  const pick = (values: Float32Array): Float32Array => values.filter((_, at) => at % outputs === output);
  return [pick(predictions), pick(targets)];
}

/** At most so many pairs whose target is known, evenly over all of these. */
function thin([predictions, targets]: Pairs, most: number): [number, number][] {
  const known = Array.from(targets.keys()).filter((at) => !Number.isNaN(targets[at]));
  const step = Math.max(1, Math.ceil(known.length / Math.max(0, most)));
  return most <= 0
    ? []
    : known.filter((_, at) => at % step === 0).map((at) => [targets[at] as number, predictions[at] as number]);
}

/** Outputs last: `[B, T, H, W] → [B, H, W, T]`, `[B, T]` as it is. */
function targetMaps({ arrays }: Batch, name: string): Tensor {
  const { data, shape } = targetArray(arrays, name);
  const values = tensor(data, [...shape]);
  return shape.length === 4 ? transpose(values, [0, 2, 3, 1]) : values;
}

function withoutIgnored(targets: Tensor, ignored: readonly number[]): Tensor {
  if (ignored.length === 0) return targets;
  const isIgnored = ignored.map((value) => equal(targets, value)).reduce((all, each) => logicalOr(all, each));
  return where(isIgnored, fill(targets.shape, Number.NaN), targets);
}

async function measureTargets(
  { target, ignoreValues, head }: RegressionSettings,
  dataset: Dataset,
): Promise<RegressionFacts> {
  let sums: { count: number; sum: number; squares: number; shift: number }[] | undefined;
  let values = 0;
  for await (const { data, shape } of readTargets(dataset, target)) {
    if ((head === "pooled") !== (shape.length === 1))
      throw new ConfigError(
        `task.head: expected ${shape.length === 1 ? "pooled" : "linear or upernet"} for targets of shape [${shape.join(", ")}], got ${head}.`,
      );
    const outputs = shape[0] as number;
    sums ??= Array.from({ length: outputs }, () => ({ count: 0, sum: 0, squares: 0, shift: Number.NaN }));
    values += data.length;
    const plane = data.length / outputs;
    for (const [at, value] of data.entries()) {
      if (Number.isNaN(value) || ignoreValues.includes(value)) continue;
      const own = sums[Math.floor(at / plane)] as (typeof sums)[0];
      if (own.count === 0) own.shift = value; // Near the mean, so that the variance keeps its digits.
      own.count += 1;
      own.sum += value - own.shift;
      own.squares += (value - own.shift) ** 2;
    }
  }
  const means = (sums ?? []).map(({ count, sum, shift }) => shift + sum / count);
  const stds = (sums ?? []).map(({ count, sum, squares }) => Math.sqrt(squares / count - (sum / count) ** 2));
  if (stds.length === 0 || !stds.every((std) => std > 0))
    throw new ConfigError(
      `task: expected training targets '${target}' that differ, got ${(sums ?? []).map(({ count }) => count).join(", ") || "none"}, with standard deviations ${stds.join(", ") || "of none"}.`,
    );
  const known = (sums ?? []).reduce((all, { count }) => all + count, 0);
  const names = means.length === 1 ? [target] : means.map((_, band) => `${target} ${band + 1}`);
  return { names, mean: means, std: stds, knownShare: known / values };
}
