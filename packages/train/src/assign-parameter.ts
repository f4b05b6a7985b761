import { expectation } from "@graticule/core";
import type { Module } from "@graticule/nn";
import type { Strategy } from "./strategy.js";
import { sharedRuns, wholePart } from "./tensor-part.js";

/**
 * Sets a parameter from row-major values of the whole tensor, of which a process keeps the part that it holds. With a
 * strategy that holds parts, `Parameter.assign` would set what is gathered only to be freed again.
 *
 * @throws {RangeError} if the model has no such parameter.
 */
export function assignParameter(
  model: Module,
  path: string,
  values: Float32Array,
  { parts, foreign }: Pick<Strategy, "parts" | "foreign">,
): void {
  if (foreign.has(path)) return;
  const part = parts.get(path);
  if (part) {
    const own = new Float32Array(part.length);
    for (const { inA, inB, length } of sharedRuns(wholePart(part.shape), part))
      own.set(values.subarray(inA, inA + length), inB);
    part.assign(own);
    return;
  }
  const parameter = new Map(model.namedParameters()).get(path);
  if (!parameter) throw new RangeError(expectation("assignParameter", "the path of a parameter", `'${path}'`));
  parameter.assign(values);
}
