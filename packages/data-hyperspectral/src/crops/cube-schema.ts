import { MismatchError } from "@graticule/core";
import { assertSameChannels, type ChannelSchema } from "@graticule/data";
import type { Cube } from "../cube.js";

/** The channels that bands of a cube are: names, wavelengths, units. */
export function cubeSchema(cube: Cube, bands: readonly number[]): ChannelSchema {
  return bands.map((band) => {
    const wavelengthNm = cube.wavelengthsNm?.[band];
    return {
      name: cube.bandNames[band] as string,
      ...(cube.unit && { unit: cube.unit }),
      ...(wavelengthNm !== undefined && { wavelengthNm }),
    };
  });
}

/**
 * Checks that a further cube of a dataset has the channels of the first.
 *
 * @throws {MismatchError} naming the file, and the first channel and field that differ.
 */
export function assertCubeFits(schema: ChannelSchema, cube: Cube, bands: readonly number[]): void {
  try {
    assertSameChannels(schema, cubeSchema(cube, bands));
  } catch (cause) {
    throw new MismatchError(
      `cube '${cube.path}'`,
      "the channels of the first cube",
      (cause as Error).message.replace(/\.$/, ""),
      "Cubes of one dataset need the same bands: give them by index or range, or resample.",
    );
  }
}
