import { numbersOf } from "../arrays/stored-variable.js";
import type { Hdf5Object } from "./walk-objects.js";

/** What NetCDF-4 writes as the name of a dimension that has no values. */
const WITHOUT_VARIABLE = "This is a netCDF dimension but not a netCDF variable";

/** Attributes by which NetCDF-4 and HDF5 keep dimensions; they say nothing to a reader of values. */
export const DIMENSION_ATTRIBUTES: readonly string[] = [
  "CLASS",
  "NAME",
  "DIMENSION_LIST",
  "REFERENCE_LIST",
  "_Netcdf4Dimid",
  "_Netcdf4Coordinates",
  "_NCProperties",
  "_nc3_strict",
];

/** Whether a dataset only stands for a dimension. */
export function isBareDimension({ attributes }: Hdf5Object): boolean {
  return String(attributes.values.NAME).startsWith(WITHOUT_VARIABLE);
}

/** Whether a dataset is a dimension's scale: its coordinate, as NetCDF-4 keeps it. */
function isScale({ attributes }: Hdf5Object): boolean {
  return attributes.values.CLASS === "DIMENSION_SCALE";
}

/**
 * Names the dimensions of every dataset: by the scales that it refers to, by the ids of NetCDF-4, by its own name where
 * it is a scale; in plain HDF5 files `phony_dim_N`, one for each size, as NetCDF's library names them.
 *
 * Source: NetCDF User's Guide, "NetCDF-4 File Format"; HDF5 Dimension Scale Specification.
 */
export function nameDimensions(datasets: readonly Hdf5Object[]): Map<Hdf5Object, readonly string[]> {
  const byAddress = new Map(datasets.map((dataset) => [dataset.address, dataset]));
  const byId = new Map<number, Hdf5Object>();
  for (const dataset of datasets) {
    const id = dataset.attributes.values._Netcdf4Dimid;
    if (typeof id === "number" && isScale(dataset)) byId.set(id, dataset);
  }
  const phony = new Map<number, string>();
  const phonyName = (size: number): string => {
    const name = phony.get(size) ?? `phony_dim_${phony.size}`;
    phony.set(size, name);
    return name;
  };
  const names = new Map<Hdf5Object, readonly string[]>();
  for (const dataset of datasets) {
    const shape = dataset.shape ?? [];
    const scales = dataset.attributes.references.DIMENSION_LIST;
    const ids = numbersOf(dataset.attributes.values._Netcdf4Coordinates);
    const dims = shape.map((size, dim) => {
      const scale = scales === undefined ? undefined : byAddress.get(scales[dim] as number);
      const numbered = ids.length === shape.length ? byId.get(ids[dim] as number) : undefined;
      const own = isScale(dataset) && dim === 0 ? dataset : undefined;
      return (scale ?? numbered ?? own)?.path ?? phonyName(size);
    });
    names.set(dataset, dims);
  }
  return names;
}
