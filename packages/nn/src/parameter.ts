import { ShapeError } from "@graticule/core";
import { type Tensor, tensor, tidy, type Variable, variable, zeros } from "@tensorflow/tfjs-core";

/**
 * A weight of a module. It takes storage on the current backend at first use (zeros) or first `assign`, so that building
 * a model costs nothing and shapes can be planned without memory.
 */
export class Parameter {
  readonly shape: readonly number[];
  /** False for values that belong to the state dict but are never updated, such as fixed position embeddings. */
  readonly trainable: boolean;
  #variable: Variable | undefined;
  #disposed = false;

  constructor(shape: readonly number[], options: { readonly trainable?: boolean } = {}) {
    this.shape = shape;
    this.trainable = options.trainable ?? true;
  }

  /** Number of values. */
  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /**
   * The tfjs variable that holds the values; it stays the same object for the parameter's life.
   *
   * @throws {TypeError} if the parameter was disposed.
   */
  get variable(): Variable {
    if (this.#disposed)
      throw new TypeError("Parameter.variable: expected a live parameter, got a disposed one. Build the model anew.");
    this.#variable ??= tidy(() => variable(zeros([...this.shape]), this.trainable));
    return this.#variable;
  }

  /**
   * Sets the values from row-major numbers; takes ownership of the array.
   *
   * @throws {ShapeError} if the count differs from the parameter's size.
   */
  assign(values: Float32Array): void {
    if (values.length !== this.size)
      throw new ShapeError("Parameter.assign", `${this.size} values for [${this.shape}]`, `${values.length}`);
    const tensorOfValues: Tensor = tensor(values, [...this.shape], "float32");
    if (this.#variable || this.#disposed) this.variable.assign(tensorOfValues);
    else this.#variable = variable(tensorOfValues, this.trainable);
    tensorOfValues.dispose();
  }

  /** Frees the storage; disposing twice does nothing. */
  dispose(): void {
    this.#variable?.dispose();
    this.#variable = undefined;
    this.#disposed = true;
  }
}
