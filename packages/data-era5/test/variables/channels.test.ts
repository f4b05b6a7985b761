import { describe, expect, test } from "vitest";
import {
  CLIMAX_48_CHANNELS,
  channelName,
  DCHAG_80_CHANNELS,
  DCHAG_84_CHANNELS,
  ERA5_VARIABLES,
  FORECAST_TARGET_CHANNELS,
  parseChannel,
} from "../../src/index.js";

test("no name means two variables", () => {
  const names = Object.values(ERA5_VARIABLES).flatMap(({ name, weatherBenchName, aliases }) => [
    ...new Set([name, weatherBenchName, ...aliases]),
  ]);
  expect(new Set(names).size).toBe(names.length);
});

describe("channel names", () => {
  test.each([
    ["z500", "z", 500],
    ["geopotential_500", "z", 500],
    ["t2m", "t2m", undefined],
    ["2t", "t2m", undefined],
    ["2m_temperature", "t2m", undefined],
    ["u10", "u10", undefined],
    ["10m_u_component_of_wind", "u10", undefined],
    ["u10hPa", "u", 10],
    ["u_component_of_wind_10", "u", 10],
    ["q10", "q", 10],
    ["vo850", "vo", 850],
    ["lattitude", "lat2d", undefined],
  ])("%s is %s at %s", (text, name, levelHpa) => {
    const channel = parseChannel(text);
    expect([channel.variable.name, channel.levelHpa]).toEqual([name, levelHpa]);
    expect(parseChannel(channelName(channel))).toEqual(channel);
  });

  test("what is no channel is refused", () => {
    for (const text of ["z", "geopotential", "x500", "t2m500", "z0", "500", ""])
      expect(() => parseChannel(text)).toThrowErrorMatchingSnapshot();
  });
});

describe("channel lists", () => {
  test.each([
    ["D-CHAG, 84", DCHAG_84_CHANNELS, 84],
    ["D-CHAG, 80", DCHAG_80_CHANNELS, 80],
    ["ClimaX", CLIMAX_48_CHANNELS, 48],
  ])("%s: distinct canonical names that hold the targets", (_, channels, count) => {
    expect(channels).toHaveLength(count);
    expect(new Set(channels).size).toBe(count);
    expect(channels.map((name) => channelName(parseChannel(name)))).toEqual(channels);
    expect(FORECAST_TARGET_CHANNELS.every((name) => channels.includes(name))).toBe(true);
  });

  test("the 84 channels are 13 levels of z from 50 hPa, 17 of q, t, u, v from 10 hPa, and t2m, u10, v10", () => {
    const levels = (name: string): number[] =>
      DCHAG_84_CHANNELS.map(parseChannel)
        .filter(({ variable, levelHpa }) => variable.name === name && levelHpa)
        .map(({ levelHpa }) => levelHpa as number);
    expect(levels("z")).toEqual([50, 100, 150, 200, 250, 300, 400, 500, 600, 700, 850, 925, 1000]);
    for (const name of ["q", "t", "u", "v"])
      expect(levels(name)).toEqual([10, 20, 30, 50, 70, 100, 150, 200, 250, 300, 400, 500, 600, 700, 850, 925, 1000]);
    expect(DCHAG_84_CHANNELS.slice(0, 4)).toEqual(["t2m", "u10", "v10", "z50"]);
    expect(DCHAG_84_CHANNELS).toContain("u10hPa");
  });

  test("ClimaX begins with its three static fields", () => {
    expect(CLIMAX_48_CHANNELS.slice(0, 8)).toEqual(["lsm", "orography", "lat2d", "t2m", "u10", "v10", "z50", "z250"]);
  });
});
