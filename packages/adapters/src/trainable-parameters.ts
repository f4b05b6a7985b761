import type { Module } from "@graticule/nn";

export interface TrainableParameters {
  /** Values that are trained, and all values of the model with its adapters. */
  readonly count: number;
  readonly total: number;
  /** count ÷ total. */
  readonly share: number;
  /** Trained parameters with their shapes, in the model's order. */
  readonly byPath: ReadonlyMap<string, readonly number[]>;
}

/** What of a model is trained; of parameters that ranks divide, the whole. */
export function trainableParameters(model: Module): TrainableParameters {
  const byPath = new Map<string, readonly number[]>();
  let [count, total] = [0, 0];
  for (const [path, { trainable, globalShape }] of model.namedParameters()) {
    const size = globalShape.reduce((product, length) => product * length, 1);
    total += size;
    if (!trainable) continue;
    count += size;
    byPath.set(path, globalShape);
  }
  return { count, total, share: total > 0 ? count / total : 0, byPath };
}

/** The table as text: a line for each trained parameter, and the sum. */
export function formatTrainableParameters({ count, total, share, byPath }: TrainableParameters): string {
  const width = Math.max(0, ...Array.from(byPath.keys(), (path) => path.length));
  const lines = Array.from(byPath, ([path, shape]) => `${path.padEnd(width)}  [${shape.join(", ")}]`);
  return [...lines, `${count} of ${total} trained (${(100 * share).toFixed(4)} %)`].join("\n");
}
