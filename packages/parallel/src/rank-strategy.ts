import type { OperationRecord } from "@graticule/mpi";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { OwnedPart } from "./owned-part.js";
import type { StepNumbers } from "./reduce-statistics.js";

/** What `train` of `@graticule/train` takes as its `strategy`, but for the parameters that a rank updates. */
export interface RankStrategy {
  readonly rank: number;
  readonly worldSize: number;
  readonly parts: ReadonlyMap<string, OwnedPart>;
  readonly foreign: ReadonlySet<string>;
  beforeForward(): void;
  takeGradient(path: string, gradient: Tensor, isLastMicroStep: boolean): void;
  finishGradients(): Promise<ReadonlyMap<string, Tensor>>;
  reduceStatistics(numbers: StepNumbers): Promise<StepNumbers>;
  releaseGradients(): void;
  gather<T>(value: T): Promise<T[]>;
  recordCommunication(): () => readonly OperationRecord[];
}
