import { fileURLToPath } from "node:url";
import { findPython } from "../harness/find-peer.js";
import { runJson } from "../harness/run-json.js";
import { benchDataset, type DataCase } from "./data-case.js";

const SHAPE = { time: 128, lat: 181, lon: 360 };
const VARIABLES = ["t2m", "u10", "v10", "msl"];

/** Writes the file by the peer's own library, since nothing of ours writes the format. */
async function writeByPython(kind: "netcdf4" | "zarr", module: string, path: string): Promise<void> {
  const python = findPython([module, "numpy"]);
  if (!python) throw new Error(`expected a Python that imports ${module} to write the file, got none`);
  const script = fileURLToPath(new URL("../peers/write_weather.py", import.meta.url));
  await runJson(python, [script, JSON.stringify({ kind, path, variables: VARIABLES, shape: Object.values(SHAPE) })]);
}

function weatherCase(
  path: string,
  repeats: number,
  name: string,
  script: string,
  modules: readonly string[],
): DataCase {
  return {
    dataset: benchDataset("openTimeSlices", { uri: path, variables: VARIABLES }),
    batch: 8,
    repeats,
    sampleBytes: VARIABLES.length * SHAPE.lat * SHAPE.lon * 4,
    peer: { name, script, options: { path, variables: VARIABLES }, modules },
  };
}

/** Time steps of four 1° fields, float32, a chunk a step, shuffled and deflated. */
export async function writeNetcdf(folder: string): Promise<DataCase> {
  const path = `${folder}/weather.nc`;
  await writeByPython("netcdf4", "netCDF4", path);
  return weatherCase(path, 16, "xarray", "netcdf", ["xarray", "netCDF4"]);
}

/** The same as Zarr v2 with its usual compressor, Blosc's LZ4 with shuffling. */
export async function writeZarr(folder: string): Promise<DataCase> {
  const path = `${folder}/weather.zarr`;
  await writeByPython("zarr", "zarr", path);
  return weatherCase(path, 128, "zarr-python", "zarr", ["zarr"]);
}
