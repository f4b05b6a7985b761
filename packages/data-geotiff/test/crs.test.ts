import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { boundsIn, invertTransform, makePointTransform, parseCrs, toMap, utmCrs, wgs84 } from "../src/index.js";

interface Reference {
  readonly points: readonly { epsg: number; lon: number; lat: number; x: number; y: number }[];
  readonly bounds: readonly {
    crs: number;
    transform: [number, number, number, number, number, number];
    width: number;
    height: number;
    lonLat: [number, number, number, number];
  }[];
}

const { points, bounds } = JSON.parse(
  readFileSync(new URL("./fixtures/warp.json", import.meta.url), "utf8"),
) as Reference;

/** National systems on datums of their own: PROJ may use a finer shift than the seven parameters. Units: meters. */
const COARSE = [2056, 3979, 27700, 28992];

test.each(points)("EPSG:$epsg is where PROJ puts it", ({ epsg, lon, lat, x, y }) => {
  const crs = parseCrs(epsg);
  const found = makePointTransform(wgs84, crs)(lon, lat);
  const tolerance = crs.isGeographic ? 1e-8 : COARSE.includes(epsg) ? 2 : 0.001;
  expect(Math.hypot(found[0] - x, found[1] - y)).toBeLessThan(tolerance);
  const back = makePointTransform(crs, wgs84)(...found);
  expect(Math.hypot(back[0] - lon, back[1] - lat)).toBeLessThan(1e-7);
});

test.each(bounds)(
  "bounds of $width by $height in EPSG:$crs are PROJ's",
  ({ crs, transform, width, height, lonLat }) => {
    const found = boundsIn({ crs: parseCrs(crs), transform, width, height });
    for (const [index, value] of lonLat.entries()) expect(found[index]).toBeCloseTo(value, 3);
  },
);

test("bounds across the dateline have their right below their left; those with a pole inside reach it", () => {
  const place = { width: 10, height: 10 };
  const across = boundsIn({ crs: parseCrs(32660), transform: [800_000, 10_000, 0, 100_000, 0, -10_000], ...place });
  expect(across[0]).toBeGreaterThan(179);
  expect(across[2]).toBeLessThan(-179);
  const pole = boundsIn({ crs: parseCrs(3031), transform: [-5e5, 1e5, 0, 5e5, 0, -1e5], ...place });
  expect(pole.slice(0, 3)).toEqual([-180, -90, 180]);
  expect(pole[3]).toBeLessThan(-83);
});

test("UTM zones, with those of Norway and Svalbard", () => {
  const places: [number, number, string][] = [
    [13.4, 52.5, "EPSG:32633"],
    [-34.9, -8, "EPSG:32725"],
    [179.99, 1, "EPSG:32660"],
    [180, 1, "EPSG:32601"],
    [5.3, 60.4, "EPSG:32632"],
    [15.6, 78.2, "EPSG:32633"],
    [8, 78, "EPSG:32631"],
  ];
  for (const [longitude, latitude, name] of places) expect(utmCrs(longitude, latitude).name).toBe(name);
  expect(() => utmCrs(0, 85)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: utmCrs: expected a latitude from -80 to 84, got longitude 0, latitude 85. Use a polar system there.]`,
  );
});

test("a transform and its inverse undo each other, turned ones too", () => {
  const transform = [5, 3, 0.5, 7, -0.25, -2] as const;
  const [column, row] = toMap(invertTransform(transform), ...toMap(transform, 11, 13));
  expect([column, row].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([11, 13]);
  expect(() => invertTransform([0, 1, 2, 0, 2, 4])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: invertTransform: expected pixels of a size above zero, got 1, 2, 2, 4. Check the georeference.]`,
  );
});

test("systems that aren't built in, or make no sense, are named", () => {
  expect(() => parseCrs(2048)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: parseCrs: expected a built-in EPSG code (WGS 84, UTM zones, web Mercator, polar and common national systems), got EPSG:2048. Give its PROJ string or WKT, e.g. from https://epsg.io/2048.]`,
  );
  expect(() => parseCrs("somewhere in Europe")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: parseCrs: expected an EPSG code, a PROJ string or WKT, got 'somewhere in Europe' (Could not parse to valid json: somewhere in Europe). Check the definition.]`,
  );
  expect(parseCrs("+proj=sinu +R=6371007.181 +units=m").isGeographic).toBe(false);
});
