import type { NamedParameters } from "@graticule/optim";
import { add, keep, type Tensor } from "@tensorflow/tfjs-core";
import type { TensorPart } from "./tensor-part.js";

/** Numbers of one step that decide clipping and go to the log. */
export interface StepStatistics {
  /** Mean over the micro-steps. */
  readonly loss: number;
  /** Sum of squares of each gradient, by the path of its parameter. */
  readonly gradientSquares: ReadonlyMap<string, number>;
  /** Samples that the step has seen. */
  readonly samples: number;
}

/** A part of a parameter that a process holds instead of the whole. */
export interface OwnedPart extends TensorPart {
  /** Its values. Shape: `[length]`, or that of the slice. */
  readonly values: Tensor;
  /** Sets its values; takes ownership of the array. */
  assign(values: Float32Array): void;
  /** Whether this process saves it: true on one of those that hold the same. */
  readonly isSaved: boolean;
}

/** An operation between processes. Units: seconds of the clock of `process.hrtime`. */
export interface CommunicationSpan {
  readonly name: string;
  readonly communicator: string;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  /** Since when it blocked this process, until its end; left out if it never did. */
  readonly blockedFrom?: number;
}

/**
 * All that the training loop knows of parallelism: where gradients go as they come out of the backward pass, and which
 * of them this process then applies. `singleDevice()` keeps them; a parallel strategy reduces them on the way. Every
 * process calls the same methods in the same order.
 */
export interface Strategy {
  /** This process among those that train together, from 0, and their number. Process 0 writes logs and what all hold alike. */
  readonly rank: number;
  readonly worldSize: number;
  /** What this process updates in stead of the model's parameters, for the optimizer's groups: its parts of them. */
  ownParameters(parameters: NamedParameters): NamedParameters;
  /** Parameters of which this process holds a part, or that not all hold, by path; either none or some on every process. */
  readonly parts: ReadonlyMap<string, OwnedPart>;
  /** Paths of parameters that only other processes hold. */
  readonly foreign: ReadonlySet<string>;
  /** Called before each forward pass, evaluations included. */
  beforeForward(): void;
  /**
   * Adds a micro-step's gradient of one parameter, as soon as it exists; takes ownership of it.
   * On the last micro-step of a step a strategy may begin to reduce while the next layer computes.
   */
  takeGradient(path: string, gradient: Tensor, isLastMicroStep: boolean): void;
  /** Sums over the micro-steps, by path, once every reduction is done. They belong to the strategy. */
  finishGradients(): Promise<ReadonlyMap<string, Tensor>>;
  /** Turns this process's numbers into those of the whole job, the same on every process, in the same order. */
  reduceStatistics(statistics: StepStatistics): Promise<StepStatistics>;
  /** Frees what is left of the step's gradients. */
  releaseGradients(): void;
  /** What every process gives, in the order of ranks, once all have called it. Values are as JSON has them. */
  gather<T>(value: T): Promise<T[]>;
  /** Records operations between processes from now on, for a trace; what it returns ends that. Left out where there are none. */
  recordCommunication?(): () => readonly CommunicationSpan[];
}

/** The strategy of one process with one device: gradients are summed over micro-steps and nothing else happens. */
export function singleDevice(): Strategy {
  const sums = new Map<string, Tensor>();
  return {
    rank: 0,
    worldSize: 1,
    ownParameters: (parameters) => parameters,
    parts: new Map(),
    foreign: new Set(),
    beforeForward: () => {},
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
    gather: async (value) => [value],
  };
}
