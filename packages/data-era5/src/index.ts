/**
 * Weather data for training: readers behind one interface, regridding, derived fields.
 *
 * ```ts
 * import { applyRegrid, cachedRegridWeights, makeRegularGrid, openDataset, openSeries, sel } from "@graticule/data-era5";
 *
 * const era5 = await openDataset("era5.zarr"); // NetCDF, HDF5 or Zarr: a file, folder, zip or URL
 * const field = await era5.variables.get("t2m")?.read({ time: 0 }); // [latitude, longitude]
 * const europe = await sel(era5, { latitude: { from: 35, to: 70 }, longitude: { from: -10, to: 40 }, time: "2013-11" });
 * const years = await openSeries("era5/*.nc"); // one dataset along time; years.gaps tells what is missing
 *
 * const fine = makeRegularGrid([721, 1440], { rows: "at-poles" });
 * const coarse = makeRegularGrid([32, 64], { rows: "cell-centers", firstRow: "south" });
 * const weights = await cachedRegridWeights(fine, coarse, "bilinear", { directory: "weights" });
 * const fields = applyRegrid(weights, new Float32Array(13 * 721 * 1440)); // [13, 32, 64]
 * ```
 */
export type { Calendar, CalendarDate } from "./cf/calendar.js";
export { decodeTimes, encodeTimes, type TimeAxis } from "./cf/time-axis.js";
export { deriveVariables } from "./derived/derive-variables.js";
export { geopotentialHeight, STANDARD_GRAVITY } from "./derived/geopotential-height.js";
export { divergence, EARTH_RADIUS_METERS, relativeVorticity } from "./derived/vorticity-divergence.js";
export { windSpeed } from "./derived/wind-speed.js";
export { type ApplyRegridOptions, applyRegrid } from "./grid/apply-regrid.js";
export { cachedRegridWeights, type RegridCache } from "./grid/cached-regrid-weights.js";
export { areaWeights, cellAreas, latitudeField, longitudeField } from "./grid/cell-areas.js";
export { makeGaussianGrid } from "./grid/gaussian-grid.js";
export { type LatLonGrid, makeLatLonGrid } from "./grid/lat-lon-grid.js";
export { regridArray } from "./grid/regrid-array.js";
export { makeRegridWeights, type RegridMethod, type RegridWeights } from "./grid/regrid-weights.js";
export { makeRegularGrid, type RegularGridOptions } from "./grid/regular-grid.js";
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
export {
  type ForecastSamples,
  type ForecastSamplesOptions,
  forecastSamplesSpec,
  openForecastSamples,
} from "./samples/forecast-samples.js";
export type { LeadTimes } from "./samples/lead-times.js";
export type { TimeFeature } from "./samples/time-features.js";
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
export {
  type BarotropicForcing,
  type BarotropicModel,
  EARTH_ROTATION,
  makeBarotropicModel,
} from "./simulate/barotropic-model.js";
export {
  makeRossbyHaurwitzWave,
  type RossbyHaurwitzOptions,
  type RossbyHaurwitzWave,
} from "./simulate/rossby-haurwitz-wave.js";
export { makeSimulation, type Simulation } from "./simulate/simulation.js";
export { SIMULATION_DEFAULTS, type SimulationOptions } from "./simulate/simulation-options.js";
export { makeSphericalTransform, type SphericalTransform } from "./simulate/spherical-transform.js";
export { type WriteSimulationOptions, type WrittenSimulation, writeSimulation } from "./simulate/write-simulation.js";
export type { TimeChoice } from "./store/align-times.js";
export { type Climatology, type ClimatologyOptions, makeClimatology, openClimatology } from "./store/climatology.js";
export type { ChannelChoice, CustomChannel } from "./store/field-source.js";
export {
  type PreparedStore,
  type PrepareProgress,
  type PrepareStoreOptions,
  prepareStore,
} from "./store/prepare-store.js";
export {
  type ChannelScale,
  type MeasureStoreOptions,
  measureStore,
  readStatistics,
  type StoreStatistics,
} from "./store/store-statistics.js";
export { formatHours, parseHours } from "./store/store-time.js";
export type { RegridChoice } from "./store/target-grid.js";
export { orderSplits, type TimeRange, type TimeSplits } from "./store/time-splits.js";
export { openWeatherStore, type StoreOrigin, type WeatherStore } from "./store/weather-store.js";
export {
  cosineOfSolarZenith,
  type SolarRadiationOptions,
  toaIncidentSolarRadiation,
} from "./time-features/solar-radiation.js";
export { type Phase, timeOfDay, timeOfYear } from "./time-features/time-phases.js";
export {
  CLIMAX_48_CHANNELS,
  DCHAG_80_CHANNELS,
  DCHAG_84_CHANNELS,
  FORECAST_TARGET_CHANNELS,
} from "./variables/channel-lists.js";
export {
  ERA5_VARIABLES,
  type Era5Variable,
  type Era5VariableName,
  findEra5Variable,
  type LevelType,
} from "./variables/era5-variables.js";
export { type MatchedVariable, matchVariable } from "./variables/match-variable.js";
export { type UnitConversion, unitConversion } from "./variables/unit-conversion.js";
export { channelName, parseChannel, type WeatherChannel } from "./variables/weather-channel.js";
