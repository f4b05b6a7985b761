import { ConfigError, MismatchError } from "@graticule/core";
import type { GriddedDataset, GriddedVariable } from "../gridded-dataset.js";
import { matchVariable } from "../variables/match-variable.js";
import { type UnitConversion, unitConversion } from "../variables/unit-conversion.js";
import { channelName, parseChannel } from "../variables/weather-channel.js";
import { findDimensions, type GridDimensions, readLevelsHpa } from "./grid-dimensions.js";

/** A channel of a variable that the catalogue does not know. */
export interface CustomChannel {
  readonly name: string;
  /** Its name in the file. */
  readonly variable: string;
  /** The file's own if absent. */
  readonly unit?: string;
  readonly levelHpa?: number;
}

/** A channel as users name it: of the catalogue, as `z500` and `t2m`, or one that they describe. */
export type ChannelChoice = string | CustomChannel;

/** Where the fields of one channel lie in the sources, and how their numbers become the channel's. */
export interface FieldSource {
  readonly name: string;
  readonly unit: string | undefined;
  readonly levelHpa: number | undefined;
  readonly dataset: GriddedDataset;
  readonly variable: GriddedVariable;
  readonly dimensions: GridDimensions;
  /** Index on the level dimension; undefined where the variable has none. */
  readonly levelIndex: number | undefined;
  readonly conversion: UnitConversion;
}

/**
 * Finds a channel in the first source that has it.
 *
 * @throws {MismatchError} with each source's reason, if none has it in a unit and at a level that fit.
 */
export async function findField(sources: readonly GriddedDataset[], choice: ChannelChoice): Promise<FieldSource> {
  const wanted = typeof choice === "string" ? catalogued(choice) : custom(choice);
  const reasons: string[] = [];
  for (const dataset of sources)
    try {
      return await findIn(dataset, wanted);
    } catch (error) {
      if (!(error instanceof MismatchError)) throw error;
      reasons.push(error.message);
    }
  throw new MismatchError(
    `channel '${wanted.name}'`,
    `a source of ${sources.length} that has it`,
    `none: ${reasons.join(" ")}`,
  );
}

interface Wanted {
  readonly name: string;
  readonly unit?: string;
  readonly levelHpa?: number;
  match(dataset: GriddedDataset): { readonly variable: GriddedVariable; readonly conversion: UnitConversion };
}

function catalogued(text: string): Wanted {
  const { variable: known, levelHpa } = parseChannel(text);
  const name = channelName({ variable: known, ...(levelHpa !== undefined && { levelHpa }) });
  return {
    name,
    unit: known.units,
    ...(levelHpa !== undefined && { levelHpa }),
    match({ uri, variables }) {
      // A file may hold one level under the channel's own name, as vo850.
      const own = variables.get(name);
      return own ? { variable: own, conversion: convert(uri, own, known.units) } : matchVariable(uri, variables, known);
    },
  };
}

function custom({ name, variable: inFile, unit, levelHpa }: CustomChannel): Wanted {
  return {
    name,
    ...(unit !== undefined && { unit }),
    ...(levelHpa !== undefined && { levelHpa }),
    match({ uri, variables }) {
      const variable = variables.get(inFile);
      if (!variable) throw new MismatchError(uri, `a variable '${inFile}'`, [...variables.keys()].join(", ") || "none");
      return { variable, conversion: convert(uri, variable, unit) };
    },
  };
}

function convert(uri: string, { name, attributes }: GriddedVariable, unit: string | undefined): UnitConversion {
  const { units } = attributes;
  if (unit === undefined || typeof units !== "string" || units === "") return { scale: 1, offset: 0 };
  const conversion = unitConversion(units, unit);
  if (!conversion) throw new MismatchError(`${uri}: ${name}`, `units of ${unit}`, `'${units}'`);
  return conversion;
}

async function findIn(dataset: GriddedDataset, wanted: Wanted): Promise<FieldSource> {
  const { variable, conversion } = wanted.match(dataset);
  const dimensions = findDimensions(dataset, variable);
  const units = variable.attributes.units;
  return {
    name: wanted.name,
    unit: wanted.unit ?? (typeof units === "string" ? units : undefined),
    levelHpa: wanted.levelHpa,
    dataset,
    variable,
    dimensions,
    levelIndex: await findLevel(dataset, variable, dimensions, wanted),
    conversion,
  };
}

async function findLevel(
  dataset: GriddedDataset,
  variable: GriddedVariable,
  { level }: GridDimensions,
  { name, levelHpa }: Wanted,
): Promise<number | undefined> {
  const where = `${dataset.uri}: ${variable.name}`;
  if (level === undefined) {
    if (levelHpa === undefined || variable.name === name) return undefined;
    throw new MismatchError(where, `a dimension of levels, with ${levelHpa} hPa`, `(${variable.dims.join(", ")})`);
  }
  const levels = await readLevelsHpa(dataset, level);
  if (levelHpa === undefined) {
    if (levels.length === 1) return 0;
    throw new MismatchError(where, "a variable without levels", `${levels.length} levels`, "Name one, as in t850.");
  }
  // float32 coordinates and units of Pa leave rounding errors far below any spacing of levels.
  const index = levels.findIndex((value) => Math.abs(value - levelHpa) < 1e-3 * levelHpa);
  if (index < 0) throw new MismatchError(where, `a level of ${levelHpa} hPa`, levels.join(", "));
  return index;
}

/**
 * Finds every channel.
 *
 * @throws {ConfigError} if two have one name.
 */
export async function findFields(
  sources: readonly GriddedDataset[],
  choices: readonly ChannelChoice[],
): Promise<FieldSource[]> {
  const fields: FieldSource[] = [];
  for (const choice of choices) {
    const field = await findField(sources, choice);
    if (fields.some(({ name }) => name === field.name))
      throw new ConfigError(`channels: expected each channel once, got '${field.name}' twice.`);
    fields.push(field);
  }
  return fields;
}
