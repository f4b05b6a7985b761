/**
 * Weather forecasting, as the command `graticule-forecast` does it.
 *
 * ```ts
 * import { prepare, prepareConfig } from "@graticule/forecast";
 * const config = prepareConfig.parse({
 *   sources: ["era5.zarr"],
 *   channels: ["z500", "t850", "t2m"],
 *   grid: { kind: "regular", size: [32, 64] },
 *   splits: { train: ["1979", "2016"], val: ["2016", "2017"], test: ["2017", "2019"] },
 * });
 * await prepare("stores/era5", config);
 * ```
 */
export { inspect } from "./inspect.js";
export { type PrepareOptions, type PrepareReport, type PrepareSummary, prepare } from "./prepare.js";
export { type PrepareConfig, prepareConfig } from "./prepare-config.js";
export { type SimulateConfig, simulateConfig } from "./simulate-config.js";
