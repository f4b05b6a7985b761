import { writeFile } from "node:fs/promises";
import { makeRandom } from "@graticule/core";

export interface CubeShape {
  readonly height: number;
  readonly width: number;
  readonly wavelengthsNm: readonly number[];
}

/**
 * Writes `PATH.hdr` and `PATH.dat`, an ENVI cube (BSQ, float32) of two smooth materials in patches of 2 × 2 pixels: the
 * spectrum of a pixel follows from its material and its brightness.
 */
export async function writeCube(path: string, { height, width, wavelengthsNm }: CubeShape): Promise<void> {
  const values = new Float32Array(wavelengthsNm.length * height * width);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const random = makeRandom(3, "patch", Math.floor(row / 4), Math.floor(column / 4));
      const [material, brightness] = [random.float() < 0.5 ? 0 : 1, 0.2 + 0.6 * random.float()];
      for (const [band, nm] of wavelengthsNm.entries()) {
        const shape = material === 0 ? Math.exp(-(((nm - 560) / 120) ** 2)) : (nm - 400) / 600;
        values[(band * height + row) * width + column] = brightness * (0.2 + shape);
      }
    }
  await writeFile(`${path}.dat`, new Uint8Array(values.buffer));
  await writeFile(
    `${path}.hdr`,
    [
      "ENVI",
      `samples = ${width}`,
      `lines = ${height}`,
      `bands = ${wavelengthsNm.length}`,
      "header offset = 0",
      "data type = 4",
      "interleave = bsq",
      "byte order = 0",
      "wavelength units = Nanometers",
      `wavelength = {${wavelengthsNm.join(", ")}}`,
      "",
    ].join("\n"),
  );
}
