import { createRequire } from "node:module";
import type { MultiLineString } from "geojson";
import { mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

const require = createRequire(import.meta.url);

/** Denominators of the scales at hand, in millions. */
type CoastScale = "110m" | "50m" | "10m";

const lines = new Map<CoastScale, MultiLineString>();

/**
 * Coastlines of the world, as fine as a map of some degrees of longitude asks for: 1:110 million for the whole Earth,
 * 1:50 million below 180 degrees, 1:10 million below 20.
 *
 * Source: Natural Earth (public domain), as packed by world-atlas 2 (ISC licence).
 */
export function coastlines(degrees: number): MultiLineString {
  const scale: CoastScale = degrees < 20 ? "10m" : degrees < 180 ? "50m" : "110m";
  let found = lines.get(scale);
  if (found === undefined) {
    const atlas = require(`world-atlas/land-${scale}.json`) as Topology<{ land: GeometryCollection }>;
    found = mesh(atlas, atlas.objects.land);
    lines.set(scale, found);
  }
  return found;
}
