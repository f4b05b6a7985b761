import type {
  AttributeValue,
  GriddedArray,
  GriddedDataset,
  GriddedVariable,
  Selection,
} from "../../src/gridded-dataset.js";

/** A variable by its values: an array, or a function of the indices on its dimensions. */
export interface MemoryVariable {
  readonly dims: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly values: ArrayLike<number> | ((...indices: number[]) => number);
}

/** A dataset that holds nothing, or little, on disk; `reads` counts the values that were asked for. */
export function makeGridded(
  uri: string,
  dimensions: Readonly<Record<string, number>>,
  variables: Readonly<Record<string, MemoryVariable>>,
): GriddedDataset & { readonly reads: { values: number; largest: number } } {
  const reads = { values: 0, largest: 0 };
  const make = (name: string, { dims, attributes = {}, values }: MemoryVariable): GriddedVariable => {
    const shape = dims.map((dim) => dimensions[dim] as number);
    const valueAt = (indices: readonly number[]): number =>
      typeof values === "function"
        ? values(...indices)
        : (values[indices.reduce((at, index, dim) => at * (shape[dim] as number) + index, 0)] as number);
    async function read(selection: Selection = {}): Promise<GriddedArray> {
      const picked = dims.map((dim, at) => {
        const slice = selection[dim] ?? {};
        if (typeof slice === "number") return [slice];
        const { start = 0, stop = shape[at] as number, step = 1 } = slice;
        return Array.from({ length: Math.ceil((stop - start) / step) }, (_, k) => start + k * step);
      });
      const kept = dims.map((dim) => typeof selection[dim] !== "number");
      const size = picked.reduce((product, { length }) => product * length, 1);
      reads.values += size;
      reads.largest = Math.max(reads.largest, size);
      const data = new (dims.length < 2 ? Float64Array : Float32Array)(size);
      const indices = new Array<number>(dims.length);
      for (let position = 0; position < size; position++) {
        let rest = position;
        for (let dim = dims.length - 1; dim >= 0; dim--) {
          const choices = picked[dim] as number[];
          indices[dim] = choices[rest % choices.length] as number;
          rest = Math.floor(rest / choices.length);
        }
        data[position] = valueAt(indices);
      }
      const lengths = picked.map(({ length }) => length);
      return { dims: dims.filter((_, at) => kept[at]), shape: lengths.filter((_, at) => kept[at]), data };
    }
    return { name, dims, shape, attributes, read };
  };
  const entries = Object.entries(variables).map(([name, variable]) => [name, make(name, variable)] as const);
  return { uri, dimensions, variables: new Map(entries), attributes: {}, close: async () => {}, reads };
}

/** Coordinates of a small file with north first: hours since 1970, degrees. */
export function coordinates(hours: ArrayLike<number>, latitudes: readonly number[], longitudes: readonly number[]) {
  return {
    time: { dims: ["time"], attributes: { units: "hours since 1970-01-01" }, values: hours },
    latitude: { dims: ["latitude"], attributes: { units: "degrees_north" }, values: latitudes },
    longitude: { dims: ["longitude"], attributes: { units: "degrees_east" }, values: longitudes },
  } satisfies Record<string, MemoryVariable>;
}
