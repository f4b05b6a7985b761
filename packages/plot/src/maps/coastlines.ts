import { createRequire } from "node:module";
import { mesh } from "topojson-client";

const require = createRequire(import.meta.url);

type Atlas = Parameters<typeof mesh>[0];
type Lines = ReturnType<typeof mesh>;

/** Denominators of the scales at hand, in millions. */
type CoastScale = "110m" | "50m" | "10m";

const lines = new Map<CoastScale, Lines>();

/**
 * Coastlines of the world, as fine as a map of some degrees of longitude asks for: 1:110 million for the whole Earth,
 * 1:50 million below 180 degrees, 1:10 million below 20.
 *
 * Source: Natural Earth (public domain), as packed by world-atlas 2 (ISC licence).
 */
export function coastlines(degrees: number): Lines {
  const scale: CoastScale = degrees < 20 ? "10m" : degrees < 180 ? "50m" : "110m";
  let found = lines.get(scale);
  if (found === undefined) {
    const atlas = require(`world-atlas/land-${scale}.json`) as Atlas;
    found = mesh(atlas, atlas.objects.land);
    lines.set(scale, found);
  }
  return found;
}
