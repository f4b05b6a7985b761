import { expect, test } from "vitest";
import {
  deriveVariables,
  divergence,
  type GriddedDataset,
  makeLatLonGrid,
  relativeVorticity,
} from "../../src/index.js";
import { coordinates, makeGridded } from "../store/gridded-in-memory.js";

const latitudes = [75, 45, 15, -15, -45, -75];
const longitudes = [0, 60, 120, 180, 240, 300];
const sizes = { time: 2, latitude: 6, longitude: 6 };
const u = (time: number, row: number, column: number): number => time + row * row - column;
const v = (time: number, row: number, column: number): number => 2 * time - row + Math.sin(column);
const dims = ["time", "latitude", "longitude"];
const wind = { u: { dims, values: u }, v: { dims, values: v } };
const whole = (of: typeof u): Float32Array =>
  Float32Array.from({ length: 72 }, (_, at) => of(Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6));

function open(variables: Parameters<typeof makeGridded>[2], dimensions = sizes): GriddedDataset {
  const axes = coordinates([0, 6], latitudes, longitudes);
  return deriveVariables(makeGridded("wind.nc", dimensions, { ...axes, ...variables }));
}

test("vorticity and divergence are those of the whole field, cropped to the selection", async () => {
  const { variables } = open(wind);
  const grid = makeLatLonGrid(latitudes, longitudes);
  const curl = relativeVorticity(grid, whole(u), whole(v));
  const all = await variables.get("vo")!.read();
  expect(all).toMatchObject({ dims, shape: [2, 6, 6] });
  expect(all.data).toEqual(curl);
  const part = await variables.get("vo")!.read({ time: 1, latitude: { start: 1, stop: 5, step: 3 }, longitude: 4 });
  expect(part).toMatchObject({ dims: ["latitude"], shape: [2] });
  expect([...part.data]).toEqual([curl[36 + 6 + 4], curl[36 + 24 + 4]]);
  expect((await variables.get("d")!.read()).data).toEqual(divergence(grid, whole(u), whole(v)));
  expect(variables.get("vo")!.attributes).toEqual({
    long_name: "Vorticity (relative)",
    units: "s-1",
    standard_name: "atmosphere_relative_vorticity",
  });
});

test("wind speed and heights are computed point by point, in the catalogue's units", async () => {
  const knots = { dims, attributes: { units: "km s-1" }, values: () => 3 };
  const { variables } = open({
    ...{ u10: knots, v10: { dims, values: () => 4000 } },
    zs: { dims: ["latitude", "longitude"], values: () => 98.0665 },
  });
  const speed = await variables.get("si10")!.read({ time: 0, latitude: 2 });
  expect(speed.shape).toEqual([6]);
  expect(speed.data[0]).toBe(5000);
  expect((await variables.get("orography")!.read()).data[7]).toBeCloseTo(10, 5);
});

test("what a file has is left as it is, and what does not fit is not made up", () => {
  const own = { dims, attributes: { standard_name: "atmosphere_relative_vorticity" }, values: () => 7 };
  const names = (dataset: GriddedDataset): string[] => [...dataset.variables.keys()].slice(3);
  expect(names(open({ ...wind, rv: own }))).toEqual(["u", "v", "rv", "ws", "d"]);
  expect(names(open({ u: wind.u }))).toEqual(["u"]);
  expect(names(open({ u: wind.u, v: { dims: ["time"], values: () => 0 } }))).toEqual(["u", "v"]);
  const turned = { dims: ["longitude", "latitude"], values: () => 1 };
  expect(names(open({ u: turned, v: turned }))).toEqual(["u", "v", "ws"]);
});
