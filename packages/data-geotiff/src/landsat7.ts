import { fileURLToPath } from "node:url";
import type { ChannelSchema } from "@graticule/data";

/**
 * The six reflective bands of Landsat-7 ETM+ at 30 m, as the scene in `assets/landsat7` holds them, in digital
 * numbers 0–255. Wavelengths are band centers. Source: USGS, Landsat 7 Data Users Handbook, table 2-1.
 */
export const landsat7Schema: ChannelSchema = [
  { name: "blue", unit: "DN", wavelengthNm: 482.5 },
  { name: "green", unit: "DN", wavelengthNm: 565 },
  { name: "red", unit: "DN", wavelengthNm: 660 },
  { name: "nir", unit: "DN", wavelengthNm: 837.5 },
  { name: "swir1", unit: "DN", wavelengthNm: 1650 },
  { name: "swir2", unit: "DN", wavelengthNm: 2220 },
];

/** The path of the scene that ships with this package: Olinda in Brazil, 349 × 352 pixels. */
export function landsat7Path(): string {
  return fileURLToPath(new URL("../assets/landsat7/L7_ETMs.tif", import.meta.url));
}
