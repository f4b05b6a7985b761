import type { GriddedDataset } from "../gridded-dataset.js";
import { dimensionOf, readCoordinate } from "./coordinates.js";
import { type DimensionView, viewDataset } from "./dataset-view.js";
import { sel } from "./sel.js";

export interface Orientation {
  readonly latitude?: "ascending" | "descending";
  /** Range that longitudes are counted in; the axis then starts at its west end. */
  readonly longitude?: "0..360" | "-180..180";
}

/**
 * Shows a dataset with latitudes in one order and longitudes in one range, whatever its file has. Dimensions that it
 * lacks are left alone.
 */
export async function orient(dataset: GriddedDataset, orientation: Orientation): Promise<GriddedDataset> {
  const { latitude, longitude } = orientation;
  const views: Record<string, DimensionView> = {};
  const latitudeDim = latitude && dimensionOf(dataset, "latitude");
  if (latitudeDim !== undefined) {
    const { values } = await readCoordinate(dataset, latitudeDim);
    const isRising = values.length < 2 || (values[0] as number) < (values.at(-1) as number);
    if (isRising !== (latitude === "ascending"))
      views[latitudeDim] = [{ start: values.length - 1, count: values.length, step: -1 }];
  }
  const turned = viewDataset(dataset, views);
  const longitudeDim = longitude && dimensionOf(dataset, "longitude");
  if (longitudeDim === undefined) return turned;
  const west = longitude === "0..360" ? 0 : -180;
  // Half a millionth short of a full turn: 360° is 0° again.
  return sel(turned, { [longitudeDim]: { from: west, to: west + 359.9995 } });
}
