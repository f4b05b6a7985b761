import { describe, expect, test } from "vitest";
import {
  type AttributeValue,
  ERA5_VARIABLES,
  type GriddedVariable,
  matchVariable,
  unitConversion,
} from "../../src/index.js";

function file(
  variables: Readonly<Record<string, Readonly<Record<string, AttributeValue>>>>,
): ReadonlyMap<string, GriddedVariable> {
  return new Map(
    Object.entries(variables).map(([name, attributes]) => [
      name,
      { name, attributes, dims: [], shape: [], read: () => Promise.reject(new Error("not read")) },
    ]),
  );
}

const match = (wanted: keyof typeof ERA5_VARIABLES, variables: Parameters<typeof file>[0]) =>
  matchVariable("era5.nc", file(variables), ERA5_VARIABLES[wanted]);

describe("a file's variable is found", () => {
  test.each([
    ["t2m", "t2m", {}],
    ["t2m", "2t", {}],
    ["t2m", "2m_temperature", {}],
    ["t2m", "var167", { long_name: "2 Metre Temperature" }],
    ["t2m", "p", { GRIB_shortName: "t2m" }],
    ["t", "air_temperature", {}],
    ["t", "T", { standard_name: "air_temperature" }],
    ["msl", "psl", { standard_name: "air_pressure_at_mean_sea_level" }],
  ] as const)("%s as %s", (wanted, name, attributes) => {
    expect(match(wanted, { time: {}, [name]: attributes }).variable.name).toBe(name);
  });

  test("by its own name before any other sign, and never under another variable's name", () => {
    const variables = { x: { standard_name: "air_temperature" }, t2m: { standard_name: "air_temperature" } };
    expect(match("t", { ...variables, t: {} }).variable.name).toBe("t");
    expect(match("t", variables).variable.name).toBe("x");
  });

  test("or the error names both", () => {
    expect(() => match("t2m", { sp: {}, tp: {} })).toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: era5.nc: expected a variable that is t2m (2 metre temperature), got sp, tp.]`,
    );
    const twins = { a: { standard_name: "geopotential" }, b: { standard_name: "geopotential" } };
    expect(() => match("z", twins)).toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: era5.nc: expected one variable that is z (Geopotential), got a, b. Rename the one that is meant.]`,
    );
  });
});

describe("units", () => {
  test("convert where they measure the same", () => {
    expect(match("t2m", { t2m: { units: "degC" } }).conversion).toEqual({ scale: 1, offset: 273.15 });
    expect(match("msl", { msl: { units: "hPa" } }).conversion).toEqual({ scale: 100, offset: 0 });
    expect(match("z", { z: { units: "m**2 s**-2" } }).conversion).toEqual({ scale: 1, offset: 0 });
    expect(match("t", { t: {} }).conversion).toEqual({ scale: 1, offset: 0 });
  });

  test("are an error that names the variable where they do not", () => {
    expect(() => match("msl", { msl: { units: "K" } })).toThrowErrorMatchingInlineSnapshot(
      `[MismatchError: era5.nc: msl: expected units of Pa, got "K".]`,
    );
  });

  test.each([
    ["m**2 s**-2", "m2 s-2", 1, 0],
    ["m^2/s^2", "m2 s-2", 1, 0],
    ["kg kg**-1", "1", 1, 0],
    ["g kg-1", "kg kg-1", 1e-3, 0],
    ["g/kg", "kg kg-1", 1e-3, 0],
    ["(0 - 1)", "1", 1, 0],
    ["1", "%", 100, 0],
    ["K m**2 kg**-1 s**-1", "K m2 kg-1 s-1", 1, 0],
    ["hPa s-1", "Pa s-1", 100, 0],
    ["mm", "m", 1e-3, 0],
    ["K", "degC", 1, -273.15],
    ["km2 s-2", "m2 s-2", 1e6, 0],
  ])("%s to %s", (from, to, scale, offset) => {
    const found = unitConversion(from, to);
    expect(found?.scale).toBeCloseTo(scale, 12);
    expect(found?.offset).toBeCloseTo(offset, 12);
  });

  test.each([
    ["K", "Pa"],
    ["m s-1", "m s-2"],
    ["m", "m2"],
    ["", "K"],
    ["furlong", "m"],
  ])("%s is not %s", (from, to) => {
    expect(unitConversion(from, to)).toBeUndefined();
  });
});
