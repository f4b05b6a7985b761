import type { Mesh } from "./mesh.js";

/** One rank's numbers of a step; those of the whole job after `reduceStatistics`. */
export interface StepNumbers {
  /** Mean over the rank's samples. */
  readonly loss: number;
  /** Sum of squares of each gradient that the rank holds. */
  readonly gradientSquares: readonly number[];
  readonly samples: number;
}

/**
 * Mean loss, all samples, and the sums of squares of whole gradients: those of slices are added up, those that several
 * ranks hold alike count once. Every rank gets the same numbers, bit for bit, so that all clip and stop alike.
 *
 * @param isOnce for each gradient, whether this rank's squares count: false where another rank's of the same values do.
 */
export async function reduceStatistics(
  { loss, samples, gradientSquares }: StepNumbers,
  isOnce: readonly boolean[],
  mesh: Mesh,
): Promise<StepNumbers> {
  const ownSamples = mesh.axis("tp").rank === 0 ? samples : 0;
  const squares = gradientSquares.map((square, at) => (isOnce[at] ? square : 0));
  const sums = Float64Array.of(loss / mesh.world.size, ownSamples, ...squares);
  await mesh.world.startAllReduce(sums).wait();
  const [mean, total, ...rest] = sums as unknown as [number, number, ...number[]];
  return { loss: mean, samples: total, gradientSquares: rest };
}
