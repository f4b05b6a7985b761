import { makeRandom } from "@graticule/core";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";

/** Standard normal values that depend on the path alone. */
export function randomTensor(shape: readonly number[], ...path: (string | number)[]): Tensor {
  const random = makeRandom(5, ...path);
  const length = shape.reduce((product, side) => product * side, 1);
  return tensor(
    Float32Array.from({ length }, () => random.normal()),
    [...shape],
  );
}
