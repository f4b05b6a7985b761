import { ShapeError } from "@graticule/core";
import { type Tensor, tensor, tidy, type Variable, variable, zeros } from "@tensorflow/tfjs-core";
import { type ParameterSlice, shapeOfSlice, sliceValues } from "./parameter-slice.js";

/**
 * A weight of a module. It takes storage on the current backend at first use or first `assign`, so that building a model
 * costs nothing and shapes can be planned without memory. By `keepSlice` it becomes a part of a tensor that several
 * processes hold together.
 */
export class Parameter {
  /** Shape of the whole tensor; that of the state dict's file. */
  readonly globalShape: readonly number[];
  #trainable: boolean;
  #shape: readonly number[];
  #slice: ParameterSlice | undefined;
  #draw: (() => Float32Array) | undefined;
  #variable: Variable | undefined;
  #disposed = false;

  constructor(shape: readonly number[], options: { readonly trainable?: boolean } = {}) {
    this.globalShape = shape;
    this.#shape = shape;
    this.#trainable = options.trainable ?? true;
  }

  /**
   * False for values that belong to the state dict but are not updated, such as fixed position embeddings or the base of an
   * adapter: they get no gradient and no optimizer state.
   */
  get trainable(): boolean {
    return this.#trainable;
  }

  /** Decides from here on; what was built before, such as an optimizer or a strategy of ranks, doesn't see it. */
  setTrainable(trainable: boolean): void {
    this.#trainable = trainable;
    if (this.#variable) this.#variable.trainable = trainable;
  }

  /** Shape of what this process holds. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** Which part this process holds; undefined for the whole. */
  get slice(): ParameterSlice | undefined {
    return this.#slice;
  }

  /** Number of values that this process holds. */
  get size(): number {
    return this.#shape.reduce((product, length) => product * length, 1);
  }

  /**
   * The tfjs variable that holds the values; it stays the same object for the parameter's life, or until `keepSlice`.
   *
   * @throws {TypeError} if the parameter was disposed.
   */
  get variable(): Variable {
    if (this.#disposed)
      throw new TypeError("Parameter.variable: expected a live parameter, got a disposed one. Build the model anew.");
    if (!this.#variable && this.#draw) this.assign(this.#draw());
    this.#variable ??= tidy(() => variable(zeros([...this.#shape]), this.#trainable));
    return this.#variable;
  }

  /**
   * Sets the values from row-major numbers of the whole tensor, of which a slice keeps its own; takes ownership of the array.
   *
   * @throws {ShapeError} if the count differs from the whole tensor's.
   */
  assign(values: Float32Array): void {
    const count = this.globalShape.reduce((product, length) => product * length, 1);
    if (values.length !== count)
      throw new ShapeError("Parameter.assign", `${count} values for [${this.globalShape}]`, `${values.length}`);
    this.assignSlice(this.#slice ? sliceValues(values, this.globalShape, this.#slice) : values);
  }

  /**
   * Sets the values that this process holds; takes ownership of the array.
   *
   * @throws {ShapeError} if the count differs from the parameter's size.
   */
  assignSlice(values: Float32Array): void {
    if (values.length !== this.size)
      throw new ShapeError("Parameter.assignSlice", `${this.size} values for [${this.shape}]`, `${values.length}`);
    this.adopt(tensor(values, [...this.#shape], "float32"));
  }

  /**
   * Takes a tensor for its values as it lies in memory, in whatever type the backend stores it, and disposes of the handle.
   *
   * @throws {ShapeError} if the tensor has not the shape of what this process holds.
   */
  adopt(values: Tensor): void {
    if (values.dtype !== "float32" || `${values.shape}` !== `${this.shape}`)
      throw new ShapeError("Parameter.adopt", `float32 [${this.shape}]`, `${values.dtype} [${values.shape}]`);
    this.#draw = undefined;
    if (this.#variable || this.#disposed) this.variable.assign(values);
    else this.#variable = variable(values, this.#trainable);
    values.dispose();
  }

  /** Sets values of the whole tensor that are made at the first use, unless others are assigned before. */
  assignLater(draw: () => Float32Array): void {
    this.#draw = draw;
  }

  /**
   * Holds a part of the tensor from here on; frees the rest, if there are values yet.
   *
   * @throws {RangeError} if the slice is not in the tensor, or the parameter is a slice already.
   */
  keepSlice(slice: ParameterSlice): void {
    if (this.#slice)
      throw new RangeError(
        `Parameter.keepSlice: expected a whole [${this.globalShape}], got a slice of dim ${this.#slice.dim}. Slice it once.`,
      );
    const shape = shapeOfSlice(this.globalShape, slice);
    const values = this.#variable && Float32Array.from(this.#variable.dataSync());
    this.#variable?.dispose();
    this.#variable = undefined;
    this.#slice = slice;
    this.#shape = shape;
    if (values) this.assign(values);
  }

  /** Frees the storage; disposing twice does nothing. */
  dispose(): void {
    this.#variable?.dispose();
    this.#variable = undefined;
    this.#draw = undefined;
    this.#disposed = true;
  }
}
