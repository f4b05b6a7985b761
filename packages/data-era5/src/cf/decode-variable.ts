import type { StoredVariable } from "@graticule/data/arrays";
import type { GriddedVariable } from "../gridded-dataset.js";
import { assertRoom, assertValueCount, resolveSelection } from "../select/resolve-selection.js";
import { makeValueDecoder, PACKING_ATTRIBUTES } from "./decode-values.js";

/** A stored variable seen through the CF conventions; reads yield at most `maxValues` values. */
export function decodeVariable(uri: string, stored: StoredVariable, maxValues: number): GriddedVariable {
  const decoder = makeValueDecoder(stored.dtype, stored.attributes);
  const attributes = Object.fromEntries(
    Object.entries(stored.attributes).filter(([name]) => !PACKING_ATTRIBUTES.includes(name)),
  );
  return {
    name: stored.name,
    dims: stored.dims,
    shape: stored.shape,
    attributes,
    async read(selection = {}, into) {
      const { region, dims, shape } = resolveSelection(stored, selection);
      assertValueCount(uri, stored.name, region, maxValues);
      assertRoom(stored.name, region, into);
      const bytes = stored.dtype === "float32" ? into : undefined;
      const values = await stored.read(
        region,
        bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
      const data = decoder.decode(values, into);
      return { dims, shape, data: into?.buffer === data.buffer ? into : data };
    },
  };
}
