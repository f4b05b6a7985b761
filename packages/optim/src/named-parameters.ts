import type { Variable } from "@tensorflow/tfjs-core";

/** What the optimizer needs of a parameter; `Parameter` of `@graticule/nn` is one. */
export interface OptimizedParameter {
  readonly variable: Variable;
  readonly shape: readonly number[];
  readonly trainable: boolean;
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
