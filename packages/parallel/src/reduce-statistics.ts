import type { Communicator } from "@graticule/mpi";

/** One rank's numbers of a step; those of the whole job after `reduceStatistics`. */
export interface StepNumbers {
  /** Mean over the rank's samples. */
  readonly loss: number;
  /** Sum of squares of each gradient. */
  readonly gradientSquares: readonly number[];
  readonly samples: number;
}

/**
 * Mean loss and all samples of the ranks. Squares are of gradients that all ranks hold alike; every rank gets rank 0's, so
 * that they clip alike even where an MPI's sums differ in the last bit.
 */
export async function reduceStatistics(numbers: StepNumbers, group: Communicator): Promise<StepNumbers> {
  const { loss, samples, gradientSquares } = numbers;
  const own = group.rank === 0 ? gradientSquares : gradientSquares.map(() => 0);
  const sums = Float64Array.of(loss / group.size, samples, ...own);
  await group.startAllReduce(sums).wait();
  const [mean, total, ...squares] = sums as unknown as [number, number, ...number[]];
  return { loss: mean, samples: total, gradientSquares: squares };
}
