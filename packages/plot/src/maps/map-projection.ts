import {
  type GeoProjection,
  type GeoRawProjection,
  geoEquirectangular,
  geoNaturalEarth1,
  geoOrthographic,
  geoProjection,
} from "d3-geo";
import { type MapExtent, type MapGrid, mapExtent } from "./map-grid.js";

/** How the sphere is laid flat. A grid that is not global is always drawn `equirectangular`, over its own extent. */
export type MapProjectionName = "equirectangular" | "natural-earth" | "orthographic";

export interface MapView {
  /** `natural-earth` if absent. */
  readonly projection?: MapProjectionName;
  /** Middle of the map; [0, 0] if absent. Only `orthographic` looks at the latitude. Units: degrees east and north. */
  readonly center?: readonly [longitude: number, latitude: number];
}

/** A projection that fills a frame. */
export interface FittedProjection {
  readonly projection: GeoProjection;
  readonly height: number;
  /** Whether the map ends at the sphere's outline rather than at the frame. */
  readonly outlined: boolean;
}

const PROJECTIONS: Readonly<Record<MapProjectionName, () => GeoProjection>> = {
  equirectangular: geoEquirectangular,
  "natural-earth": geoNaturalEarth1,
  orthographic: geoOrthographic,
};
/** Height of a map of the whole sphere as a share of its width. */
const ASPECTS: Readonly<Record<MapProjectionName, number>> = {
  equirectangular: 0.5,
  "natural-earth": 0.52,
  orthographic: 1,
};
/** A regional map is no higher than this share of its width, and no flatter. */
const [HIGHEST, FLATTEST] = [1.1, 0.3];

/**
 * Fits a projection to a width.
 *
 * @throws {RangeError} if there is no such projection.
 */
export function fitProjection(grid: MapGrid, view: MapView, width: number): FittedProjection {
  const { projection: name = "natural-earth", center = [0, 0] } = view;
  if (!Object.hasOwn(PROJECTIONS, name))
    throw new RangeError(`map projection: expected ${Object.keys(PROJECTIONS).join(", ")}, got '${name}'.`);
  const extent = mapExtent(grid);
  const { south, north, west, east, global } = extent;
  if (global) {
    const height = Math.round(width * ASPECTS[name]);
    const projection = PROJECTIONS[name]().rotate([-center[0], name === "orthographic" ? -center[1] : 0]);
    projection.fitExtent(
      [
        [1, 1],
        [width - 1, height - 1],
      ],
      { type: "Sphere" },
    );
    return { projection, height, outlined: true };
  }
  // Degrees of longitude shrink towards the poles: stretched so that shapes in the middle are true.
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const aspect = Math.min(HIGHEST, Math.max(FLATTEST, (north - south) / ((east - west) * shrink)));
  const height = Math.round(width * aspect);
  const projection = makeBoxProjection(extent, width, height);
  return { projection, height, outlined: false };
}

/** Equirectangular over a box, with a scale of its own for each direction. */
function makeBoxProjection({ south, north, west, east }: MapExtent, width: number, height: number): GeoProjection {
  const radians = Math.PI / 180;
  const scale = height / ((north - south) * radians);
  const widening = width / ((east - west) * radians) / scale;
  const raw: GeoRawProjection = Object.assign(
    (longitude: number, latitude: number): [number, number] => [longitude * widening, latitude],
    { invert: (x: number, y: number): [number, number] => [x / widening, y] },
  );
  return geoProjection(raw)
    .rotate([-(west + east) / 2, 0])
    .scale(scale)
    .translate([width / 2, height / 2 + ((north + south) / 2) * radians * scale])
    .clipExtent([
      [0, 0],
      [width, height],
    ]);
}
