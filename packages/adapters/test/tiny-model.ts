import { makeRandom } from "@graticule/core";
import { type Classifier, makeClassifier } from "@graticule/models";
import type { Module } from "@graticule/nn";
import { type Tensor4D, tensor4d } from "@tensorflow/tfjs-core";

/** 13 channels, H ≠ W, two blocks. */
export function tinyClassifier(): Classifier {
  return makeClassifier(
    {
      imageSize: [8, 12],
      patchSize: 4,
      inChannels: 13,
      embedDim: 12,
      depth: 2,
      numHeads: 3,
      mlpDim: 20,
      pool: "cls",
      numClasses: 4,
    },
    { seed: 0 },
  );
}

export function tinyImages(): Tensor4D {
  const shape: [number, number, number, number] = [2, 13, 8, 12];
  const length = shape.reduce((product, side) => product * side, 1);
  return tensor4d(normalValues(length, 1), shape);
}

export function normalValues(length: number, seed: number): Float32Array {
  const random = makeRandom(seed, "values");
  return Float32Array.from({ length }, () => random.normal());
}

/** Gives parameters whose path matches values that differ from their first ones, as training would. */
export function disturb(model: Module, matches: RegExp, std = 0.1): void {
  for (const [index, [path, parameter]] of model.namedParameters().entries()) {
    if (!matches.test(path)) continue;
    const before = parameter.variable.dataSync();
    const noise = normalValues(parameter.size, 100 + index);
    parameter.assign(Float32Array.from(noise, (value, at) => (before[at] as number) + std * value));
  }
}
