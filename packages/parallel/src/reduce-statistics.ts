import type { Mesh } from "./mesh.js";
import type { ParameterHolders } from "./parameter-holders.js";

/** One rank's numbers of a step; those of the whole job after `reduceStatistics`. */
export interface StepNumbers {
  /** Mean over the rank's samples. */
  readonly loss: number;
  /** Sum of squares of each gradient that the rank holds, by the path of its parameter. */
  readonly gradientSquares: ReadonlyMap<string, number>;
  readonly samples: number;
}

/**
 * Mean loss, all samples, and the sums of squares of whole gradients: those of slices are added up, those that several
 * ranks hold alike count once. Every rank gets the same numbers, bit for bit, so that all clip and stop alike.
 */
export async function reduceStatistics(
  { loss, samples, gradientSquares }: StepNumbers,
  { paths, isFirst }: ParameterHolders,
  mesh: Mesh,
): Promise<StepNumbers> {
  const ownSamples = mesh.axis("tp").rank === 0 ? samples : 0;
  const squares = paths.map((path) => (isFirst(path) ? (gradientSquares.get(path) ?? 0) : 0));
  const sums = Float64Array.of(loss / mesh.world.size, ownSamples, ...squares);
  await mesh.world.startAllReduce(sums).wait();
  const [mean, total, ...rest] = sums as unknown as [number, number, ...number[]];
  return { loss: mean, samples: total, gradientSquares: new Map(paths.map((path, at) => [path, rest[at] as number])) };
}
