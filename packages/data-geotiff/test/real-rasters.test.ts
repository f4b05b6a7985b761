import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { boundsIn, gridOf, makePointTransform, openRaster, toMap, wgs84 } from "../src/index.js";

const root = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const reason = existsSync(root) ? "" : " (skipped: no ../shared/data beside the repository)";

interface Facts {
  readonly size: readonly [width: number, height: number, bands: number];
  /** Of the values as float32, nodata included, and of their magnitudes. */
  readonly sum: number;
  readonly spread: number;
  readonly overviews: number;
  /** Pixels that GDAL's mask leaves out, where the file has a mask or alpha. */
  readonly masked?: number;
  readonly scales?: readonly number[];
  readonly offsets?: readonly number[];
  /** Longitude and latitude of the middle. */
  readonly center?: readonly [number, number];
}

const files = JSON.parse(readFileSync(new URL("./fixtures/real-files.json", import.meta.url), "utf8")) as Record<
  string,
  Facts
>;
const COMPLEX = "geotiff/rioxarray/cint16.tif";
/** Beyond this a float is some file's nodata. */
const HUGE = 1e30;

describe.skipIf(!existsSync(root))(`every GeoTIFF of the inventory${reason}`, () => {
  test.each(Object.entries(files).filter(([name]) => name !== COMPLEX))(
    "%s is as rasterio has it",
    async (name, facts) => {
      const [width, height, bands] = facts.size;
      const whole = { row: 0, column: 0, width, height };
      const raster = await openRaster(root + name);
      expect([raster.width, raster.height, raster.bands, raster.overviews.length]).toEqual([
        ...facts.size,
        facts.overviews,
      ]);
      expect(raster.scales).toEqual(facts.scales ?? new Array(bands).fill(1));
      expect(raster.offsets).toEqual(facts.offsets ?? new Array(bands).fill(0));
      const nodata = Math.fround(raster.nodata ?? NaN);
      let sum = 0;
      for (const value of await raster.readWindow(whole)) {
        const stored = Number.isNaN(value) ? nodata : value;
        if (Math.abs(stored) < HUGE) sum += stored;
      }
      // JPEG and WebP decoders agree exactly too.
      expect(Math.abs(sum - facts.sum)).toBeLessThanOrEqual(1e-9 * facts.spread);
      if (facts.masked !== undefined) {
        const masked = await openRaster(root + name, { applyMask: true });
        const band = await masked.readWindow({ ...whole, bands: [0] });
        expect(band.reduce((count, value) => count + Number(Number.isNaN(value)), 0)).toBe(facts.masked);
      }
      if (facts.center) {
        const grid = gridOf(raster);
        const center = makePointTransform(grid.crs, wgs84)(...toMap(grid.transform, width / 2, height / 2));
        expect(Math.hypot(center[0] - facts.center[0], center[1] - facts.center[1])).toBeLessThan(1e-6);
        const [left, bottom, right, top] = boundsIn(grid);
        expect(bottom <= center[1] && center[1] <= top).toBe(true);
        expect(left <= center[0] || center[0] <= right).toBe(true);
      }
    },
  );
});
