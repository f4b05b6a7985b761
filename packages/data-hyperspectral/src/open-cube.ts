import { FormatError } from "@graticule/core";
import { withByteReader } from "./byte-reader.js";
import type { Cube, CubeOptions } from "./cube.js";
import { openEnviCube } from "./envi/open-envi-cube.js";
import { openGeoTiffCube } from "./geotiff/open-geotiff-cube.js";
import { openMat5Cube } from "./matlab/open-mat5-cube.js";
import { openMat73Cube } from "./matlab/open-mat73-cube.js";

const SNIFFED_BYTES = 128;
const TIFF_STARTS = ["II*\0", "MM\0*", "II+\0", "MM\0+"];
const HDF5_START = "\x89HDF";
const ENDIAN_MARKS = ["IM", "MI"];

/**
 * Opens a hyperspectral cube: ENVI by its header or data, MATLAB v5 to v7.3, or GeoTIFF. The file's first bytes tell
 * which, not its name; anything without a signature is taken for ENVI data, whose header lies beside it.
 *
 * @throws {FormatError} naming file and field, if the file is broken or of another kind.
 * @throws {ConfigError} if a MATLAB file holds several cubes and none is named.
 */
export async function openCube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const start = withByteReader(path, (file) =>
    file.read(0, Math.min(SNIFFED_BYTES, file.size), "the start").toString("latin1"),
  );
  if (start === "") throw new FormatError(path, "a cube", "an empty file", "Remove it or fetch it again.");
  if (TIFF_STARTS.includes(start.slice(0, 4))) return openGeoTiffCube(path, options);
  if (start.startsWith("MATLAB 7.3")) return openMat73Cube(path, options);
  if (start.startsWith("MATLAB") || ENDIAN_MARKS.includes(start.slice(126))) return openMat5Cube(path, options);
  if (start.startsWith(HDF5_START))
    throw new FormatError(
      path,
      "ENVI, MATLAB or GeoTIFF",
      "plain HDF5",
      "Save its cube with MATLAB's -v7.3, or convert it: gdal_translate -of ENVI.",
    );
  return openEnviCube(path, options);
}
