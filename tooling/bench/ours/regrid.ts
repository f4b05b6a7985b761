import { applyRegrid, makeRegridWeights, makeRegularGrid } from "@graticule/data-era5";
import { readSettings, report, secondsPerCall } from "./child.js";

/** Our side of `bench regrid`: fields of 721 x 1440 in float32 onto coarser grids. */
const { fields: count, targets } = readSettings<{
  fields: number;
  targets: readonly (readonly [number, number])[];
}>();
const source = makeRegularGrid([721, 1440], { rows: "at-poles" });
const fields = Float32Array.from({ length: count * 721 * 1440 }, (_, index) => Math.sin(index));

report(
  Object.fromEntries(
    targets.flatMap((shape) =>
      (["bilinear", "conservative"] as const).map((method) => {
        const weights = makeRegridWeights(source, makeRegularGrid(shape, { rows: "cell-centers" }), method);
        const seconds = secondsPerCall(() => applyRegrid(weights, fields));
        const name = `${method} to ${shape.join(" x ")}`;
        return [name, { milliseconds: seconds * 1000, gigabytesPerSecond: fields.byteLength / seconds / 1e9 }];
      }),
    ),
  ),
);
