import { ShapeError } from "@graticule/core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Checks a tensor's shape against a pattern: a number must match, a letter stands for any size, and a leading `"..."`
 * for any number of dims.
 *
 * @throws {ShapeError} naming the op, the argument and both shapes.
 */
export function checkShape(op: string, argument: string, tensor: Tensor, pattern: readonly (number | string)[]): void {
  const open = pattern[0] === "...";
  const dims = open ? pattern.slice(1) : pattern;
  const tail = open ? tensor.shape.slice(Math.max(0, tensor.shape.length - dims.length)) : tensor.shape;
  const fits =
    tail.length === dims.length && dims.every((dim, index) => typeof dim === "string" || dim === tail[index]);
  if (!fits) throw new ShapeError(op, `${argument} of shape [${pattern.join(", ")}]`, `[${tensor.shape.join(", ")}]`);
}
