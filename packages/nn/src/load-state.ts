import { MismatchError } from "@graticule/core";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Parameter } from "./parameter.js";

/** Named tensors that are read one at a time, so that only one is in host memory. */
export interface StateReader {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** Row-major values of one tensor; the caller owns the array. */
  read(name: string): Promise<Float32Array>;
}

/** What a state dict can be loaded from: tensors in memory, or a reader of a file. */
export type StateSource = ReadonlyMap<string, Tensor> | StateReader;

export interface LoadOptions {
  /** Whether missing and unexpected tensors are errors; true unless given. */
  readonly strict?: boolean;
}

export interface LoadReport {
  /** Parameters that the source doesn't have; they keep their values. */
  readonly missing: readonly string[];
  /** Tensors that the model has no parameter for; they are not read. */
  readonly unexpected: readonly string[];
}

/** Sets parameters from a source; all names and shapes are checked before the first value is read. */
export async function loadParameters(
  parameters: readonly (readonly [string, Parameter])[],
  source: StateSource,
  options: LoadOptions,
): Promise<LoadReport> {
  const reader = toReader(source);
  const report = compareState(parameters, reader, options);
  for (const [path, parameter] of parameters) if (reader.tensors.has(path)) parameter.assign(await reader.read(path));
  return report;
}

/**
 * Compares a model's parameters with a source's tensors.
 *
 * @throws {MismatchError} as `Module.loadStateDict`.
 */
export function compareState(
  parameters: readonly (readonly [string, Parameter])[],
  { tensors }: Pick<StateReader, "tensors">,
  { strict = true }: LoadOptions = {},
): LoadReport {
  const known = new Set(parameters.map(([path]) => path));
  const missing = parameters.filter(([path]) => !tensors.has(path)).map(([path]) => path);
  const unexpected = [...tensors.keys()].filter((name) => !known.has(name));
  const mismatched = parameters.flatMap(([path, { globalShape }]) => {
    const shape = tensors.get(path)?.shape;
    return !shape || sameShape(shape, globalShape) ? [] : [`${path} is [${shape}] instead of [${globalShape}]`];
  });
  const faults = [
    ...(mismatched.length > 0 ? [`${mismatched.length} of another shape (${mismatched.join("; ")})`] : []),
    ...(strict && missing.length > 0 ? [`${missing.length} missing (${missing.join(", ")})`] : []),
    ...(strict && unexpected.length > 0 ? [`${unexpected.length} unexpected (${unexpected.join(", ")})`] : []),
  ];
  if (faults.length > 0)
    throw new MismatchError(
      "loadStateDict",
      `the ${parameters.length} tensors of the model`,
      faults.join(", "),
      "Build the model with the configuration that the weights were saved with.",
    );
  return { missing, unexpected };
}

function toReader(source: StateSource): StateReader {
  if ("read" in source) return source;
  return {
    tensors: source,
    // A copy: some backends hand out the array that the tensor lives in.
    read: async (name) => Float32Array.from(await source.get(name)!.data()),
  };
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
