import { ConfigError, expectation } from "@graticule/core";
import { ERA5_VARIABLES, type Era5Variable, findEra5Variable } from "./era5-variables.js";

/** One field of a sample: a variable, on a pressure level if it has any. */
export interface WeatherChannel {
  readonly variable: Era5Variable;
  readonly levelHpa?: number;
}

/**
 * Canonical name of a channel: ERA5's short name, then the level in hPa, `z500`; `t2m` without one.
 *
 * ERA5 calls the wind at 10 m `u10` and `v10`, so that the wind at 10 hPa has to write its unit: `u10hPa`, `v10hPa`.
 */
export function channelName({ variable, levelHpa }: WeatherChannel): string {
  if (levelHpa === undefined) return variable.name;
  const name = `${variable.name}${levelHpa}`;
  return Object.hasOwn(ERA5_VARIABLES, name) ? `${name}hPa` : name;
}

/**
 * Reads a channel's name, canonical or WeatherBench's: `z500`, `u10hPa`, `t2m`, `2m_temperature`, `geopotential_500`.
 *
 * @throws {ConfigError} if no variable has that name, or a level is missing or not due.
 */
export function parseChannel(name: string): WeatherChannel {
  const single = findEra5Variable(name);
  if (single) {
    if (single.levelType === "pressure")
      throw new ConfigError(
        expectation("parseChannel", `a level in hPa after "${name}"`, "none", `Write ${single.name}500, for instance.`),
      );
    return { variable: single };
  }
  const [, stem = "", digits] = /^(.*?)_?(\d+(?:\.\d+)?)(?:hPa)?$/.exec(name) ?? [];
  const variable = findEra5Variable(stem);
  if (variable?.levelType === "pressure" && Number(digits) > 0) return { variable, levelHpa: Number(digits) };
  throw new ConfigError(
    expectation(
      "parseChannel",
      "a variable of the catalogue, with a level in hPa on pressure levels",
      `"${name}"`,
      "Names are like z500, t2m, geopotential_500.",
    ),
  );
}
