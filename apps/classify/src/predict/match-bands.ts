import { ConfigError } from "@graticule/core";
import { type BandSelection, type Raster, selectBands } from "@graticule/data-geotiff";
import type { WindowModel } from "./window-model.js";

/**
 * A raster's bands in the order of a model's channels: those that are asked for; else those of the channels' names; else those
 * that the run took of its files; else all in their order, where one side has no names.
 *
 * @throws {ConfigError} naming the channel that no band is found for.
 */
export function matchBands(
  { path, bandNames }: Pick<Raster, "path" | "bandNames">,
  { schema, bands }: Pick<WindowModel, "schema" | "bands">,
  wanted?: BandSelection,
): number[] {
  const names = schema.map(({ name }) => name);
  if (wanted) {
    const selected = selectBands(path, bandNames, wanted);
    if (selected.length === names.length) return selected;
    throw new ConfigError(
      `${path}: expected ${names.length} bands, for ${names.join(", ")}, got ${selected.length}. Name one for each channel, in this order.`,
    );
  }
  const found = findBands(bandNames, { schema, ...(bands && { bands }) });
  if (found) return found;
  const missing = names.find((name) => !bandNames.includes(name));
  throw new ConfigError(
    `${path}: expected a band for each of the run's channels ${names.join(", ")}, got none for '${missing}' among ${bandNames.join(", ")}. Say which with --bands, by name or by index from 0, in the channels' order.`,
  );
}

/** Bands for a model's channels as `matchBands` finds them; undefined if one has none. */
export function findBands(
  bandNames: readonly string[],
  { schema, bands }: Pick<WindowModel, "schema" | "bands">,
): number[] | undefined {
  const names = schema.map(({ name }) => name);
  if (names.every((name) => bandNames.includes(name))) return names.map((name) => bandNames.indexOf(name));
  const taken = bands?.map((band) => (typeof band === "number" ? band : bandNames.indexOf(band)));
  if (taken?.length === names.length && taken.every((band) => band >= 0 && band < bandNames.length)) return taken;
  if (names.length === bandNames.length && (isUnnamed(bandNames) || isUnnamed(names)))
    return bandNames.map((_, band) => band);
  return undefined;
}

const isUnnamed = (names: readonly string[]): boolean => names.every((name, band) => name === `band${band + 1}`);
