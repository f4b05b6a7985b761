import type { Tensor, Variable } from "@tensorflow/tfjs-core";

/** What the optimizer needs of a parameter; `Parameter` of `@graticule/nn` is one. */
export interface OptimizedParameter {
  readonly variable: Variable;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** Where its moments lie, if not wherever the backend puts them. */
  readonly stateStorage?: StateStorage;
}

/** Keeps the optimizer's state of a parameter somewhere of its own, such as in a file. */
export interface StateStorage {
  /** First and second moment, for the optimizer to dispose of: copies of the given tensors, or zeros. */
  makeMoments(values?: readonly [first: Tensor, second: Tensor]): readonly [first: Variable, second: Variable];
  /** Told before each update of the parameter. */
  beforeUpdate(): void;
}

/** Parameters with their paths, as `module.namedParameters()` gives them. */
export type NamedParameters = Iterable<readonly [path: string, parameter: OptimizedParameter]>;

export interface ParameterGroup {
  readonly parameters: NamedParameters;
  /** Decoupled weight decay of this group; 0 for none. */
  readonly weightDecay: number;
  /** Multiplies the learning rate for this group, for layer-wise decay or new heads. Default 1. */
  readonly learningRateScale?: number;
}
