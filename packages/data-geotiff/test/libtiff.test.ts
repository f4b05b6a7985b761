import sharp, { type TiffOptions } from "sharp";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../tooling/test/temporary-folder.js";
import { openRaster } from "../src/index.js";

const folder = makeTemporaryFolder();
const [height, width, bands] = [50, 70, 3] as const;
const pixels = Uint8Array.from({ length: height * width * bands }, (_, at) => (at % 97) + Math.floor(at / 300) * 4);
const planes = Float32Array.from(pixels, (_, at) => {
  const plane = height * width;
  return pixels[(at % plane) * bands + Math.floor(at / plane)] as number;
});

/** What libtiff, through sharp, writes of the image above; our reader shares no code with it. */
async function roundTrip(name: string, options: TiffOptions): Promise<Float32Array> {
  const bytes = await sharp(pixels, { raw: { width, height, channels: bands } })
    .tiff(options)
    .toBuffer();
  const raster = await openRaster(folder.write(`${name.replace(/\W+/g, "-")}.tif`, bytes));
  expect([raster.width, raster.height, raster.bandNames.join()]).toEqual([width, height, "red,green,blue"]);
  return raster.readWindow({ row: 0, column: 0, width, height });
}

const exact: TiffOptions[] = (["none", "lzw", "deflate", "packbits"] as const).flatMap((compression) => [
  { compression, predictor: "none", tile: false },
  { compression, predictor: "none", tile: true, tileWidth: 32, tileHeight: 16, bigtiff: true },
  ...(["none", "packbits"].includes(compression)
    ? []
    : [{ compression, predictor: "horizontal", tile: true, tileWidth: 16, tileHeight: 48 } as const]),
]);

test.each(exact)("libtiff's $compression, predictor $predictor, tiled $tile reads bit for bit", async (options) => {
  expect(await roundTrip(JSON.stringify(options), options)).toEqual(planes);
});

test.each(["jpeg", "webp"] as const)("libtiff's %s reads near the original", async (compression) => {
  const smooth = await roundTrip(compression, { compression, quality: 100, tile: true, tileWidth: 32, tileHeight: 32 });
  const error = smooth.reduce((sum, value, at) => sum + Math.abs(value - (planes[at] as number)), 0) / smooth.length;
  // Both codecs are lossy even at quality 100; swapped channels or a missing color transform give over 20.
  expect(error).toBeLessThan(6);
});
