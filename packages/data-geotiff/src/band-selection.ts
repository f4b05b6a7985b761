import { ConfigError } from "@graticule/core";

/** Bands by zero-based index or by name, in the order wanted. */
export type BandSelection = readonly (number | string)[];

/**
 * The zero-based indices of the bands selected; all of them if no selection is given.
 *
 * @throws {ConfigError} naming the band that does not exist.
 */
export function selectBands(where: string, names: readonly string[], selection?: BandSelection): number[] {
  if (selection === undefined) return names.map((_, index) => index);
  if (selection.length === 0)
    throw new ConfigError(`${where}: expected at least one band, got none. Leave bands out for all.`);
  return selection.map((band) => {
    const index = typeof band === "number" ? band : names.indexOf(band);
    if (!Number.isInteger(index) || index < 0 || index >= names.length)
      throw new ConfigError(
        `${where}: expected a band among ${listNames(names)} or an index from 0 to ${names.length - 1}, got ${JSON.stringify(band)}.`,
      );
    return index;
  });
}

/** Band names separated by commas; of long lists, as hyperspectral files have, both ends. */
function listNames(names: readonly string[]): string {
  return names.length <= 16 ? names.join(", ") : `${names.slice(0, 3).join(", ")}, … ${names.at(-1)}`;
}
