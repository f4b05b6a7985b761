import type { Dataset } from "@graticule/data";
import { openDataset } from "../src/index.js";

/** A variable's slices along its first dimension as samples, for worker threads to open. Shape: `[1, 1, values]`. */
export async function openRows({ uri, name }: { readonly uri: string; readonly name: string }): Promise<Dataset> {
  const dataset = await openDataset(uri);
  const variable = dataset.variables.get(name);
  if (variable === undefined) throw new RangeError(`expected '${name}' in ${uri}, got none`);
  const [length = 0] = variable.shape;
  return {
    length,
    schema: [{ name }],
    async read(row) {
      const { data } = await variable.read({ [variable.dims[0] as string]: row });
      return { pixels: Float32Array.from(data), shape: [1, 1, data.length], id: `${row}` };
    },
  };
}
