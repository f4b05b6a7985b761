/**
 * Weather data for training.
 *
 * ```ts
 * import { openDataset, openSeries, readTimeAxis, sel } from "@graticule/data-era5";
 * const era5 = await openDataset("era5.zarr"); // NetCDF, HDF5 or Zarr: a file, folder, zip or URL
 * const field = await era5.variables.get("t2m").read({ time: 0 }); // [latitude, longitude]
 *
 * const europe = await sel(era5, { latitude: { from: 35, to: 70 }, longitude: { from: -10, to: 40 }, time: "2013-11" });
 * const years = await openSeries("era5/*.nc"); // one dataset along time; years.gaps tells what is missing
 * ```
 */
export type { Calendar, CalendarDate } from "./cf/calendar.js";
export { decodeTimes, encodeTimes, type TimeAxis } from "./cf/time-axis.js";
export type {
  AttributeValue,
  GriddedArray,
  GriddedDataset,
  GriddedVariable,
  Selection,
  Slice,
} from "./gridded-dataset.js";
export { type NetcdfContent, type NetcdfVariable, writeNetcdf } from "./netcdf3/write-netcdf.js";
export { type FileDataset, type OpenDatasetOptions, openDataset } from "./open-dataset.js";
export { type OpenSeriesOptions, openSeries, type SeriesDataset, type TimeGap } from "./open-series.js";
export { type CoordinateRole, dimensionOf, readBounds, readCoordinate, readTimeAxis } from "./select/coordinates.js";
export { type Orientation, orient } from "./select/orient.js";
export {
  type SelectOptions,
  sel,
  type TimeQuery,
  type ValueQuery,
  type ValueRange,
  type ValueSelection,
} from "./select/sel.js";
export type { SeriesFile } from "./series/series-variable.js";
