import { add, keep, type Tensor } from "@tensorflow/tfjs-core";

/** Numbers of one step that decide clipping and go to the log. */
export interface StepStatistics {
  /** Mean over the micro-steps. */
  readonly loss: number;
  /** Sum of squares of each gradient that `finishGradients` gave, in its order. */
  readonly gradientSquares: readonly number[];
  /** Samples that the step has seen. */
  readonly samples: number;
}

/**
 * All that the training loop knows of parallelism: where gradients go as they come out of the backward pass, and which
 * of them this process then applies. `singleDevice()` keeps them; a parallel strategy reduces them on the way. Every
 * process calls the same methods in the same order.
 */
export interface Strategy {
  /** This process among those that train together, from 0, and their number. Process 0 writes logs and checkpoints. */
  readonly rank: number;
  readonly worldSize: number;
  /**
   * Adds a micro-step's gradient of one parameter, as soon as it exists; takes ownership of it.
   * On the last micro-step of a step a strategy may begin to reduce while the next layer computes.
   */
  takeGradient(path: string, gradient: Tensor, isLastMicroStep: boolean): void;
  /** Sums over the micro-steps, by path, once every reduction is done. They belong to the strategy. */
  finishGradients(): Promise<ReadonlyMap<string, Tensor>>;
  /** Turns this process's numbers into those of the whole job, the same on every process. */
  reduceStatistics(statistics: StepStatistics): Promise<StepStatistics>;
  /** Frees what is left of the step's gradients. */
  releaseGradients(): void;
  /** The largest value that any process gives, the same on every process, once all have called it. */
  largest(value: number): Promise<number>;
}

/** The strategy of one process with one device: gradients are summed over micro-steps and nothing else happens. */
export function singleDevice(): Strategy {
  const sums = new Map<string, Tensor>();
  return {
    rank: 0,
    worldSize: 1,
    takeGradient(path, gradient) {
      const sum = sums.get(path);
      if (sum === undefined) {
        sums.set(path, gradient);
        return;
      }
      sums.set(path, keep(add(sum, gradient)));
      sum.dispose();
      gradient.dispose();
    },
    finishGradients: async () => sums,
    reduceStatistics: async (statistics) => statistics,
    releaseGradients() {
      for (const gradient of sums.values()) gradient.dispose();
      sums.clear();
    },
    largest: async (value) => value,
  };
}
