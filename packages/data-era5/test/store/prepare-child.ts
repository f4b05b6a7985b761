import { fileURLToPath } from "node:url";
import { prepareStore } from "../../src/store/prepare-store.js";
import { coordinates, makeGridded } from "./gridded-in-memory.js";

/** 60 times on a 40 x 50 grid, which no process holds at once. */
export function makeLargeSource(times: number) {
  const latitudes = Array.from({ length: 40 }, (_, row) => 78 - 4 * row);
  const longitudes = Array.from({ length: 50 }, (_, column) => 7.2 * column);
  const hours = Float64Array.from({ length: times }, (_, index) => 6 * index);
  return makeGridded(
    "large.nc",
    { time: times, latitude: 40, longitude: 50 },
    {
      ...coordinates(hours, latitudes, longitudes),
      t2m: { dims: ["time", "latitude", "longitude"], values: (t, i, j) => 280 + Math.sin(t + i) + j / 7 },
    },
  );
}

/** Prepares a store; with a third argument the process kills itself once that many times are written. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , out, killAt] = process.argv as [string, string, string, string?];
  await prepareStore({
    sources: [makeLargeSource(60)],
    channels: ["t2m"],
    dtype: "int16",
    recordsPerShard: 7,
    maxBytes: 100_000,
    out,
    onProgress({ done }) {
      if (killAt !== undefined && done >= Number(killAt)) process.kill(process.pid, "SIGKILL");
    },
  });
}
