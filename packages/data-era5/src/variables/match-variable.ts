import { MismatchError } from "@graticule/core";
import type { GriddedVariable } from "../gridded-dataset.js";
import { type Era5Variable, findEra5Variable } from "./era5-variables.js";
import { type UnitConversion, unitConversion } from "./unit-conversion.js";

/** The variable of a file that holds a variable of the catalogue, and how its numbers become the catalogue's. */
export interface MatchedVariable {
  readonly variable: GriddedVariable;
  readonly conversion: UnitConversion;
}

/** Ways to recognize a variable, surest first. */
const RECOGNIZE: readonly ((file: GriddedVariable, wanted: Era5Variable) => boolean)[] = [
  (file, wanted) => file.name === wanted.name,
  (file, wanted) => file.name === wanted.weatherBenchName || wanted.aliases.includes(file.name),
  (file, wanted) => file.attributes.GRIB_shortName === wanted.name || file.attributes.short_name === wanted.name,
  (file, wanted) => wanted.standardName !== undefined && file.name === wanted.standardName,
  (file, wanted) => wanted.standardName !== undefined && file.attributes.standard_name === wanted.standardName,
  (file, wanted) => sameWords(file.attributes.long_name, wanted.longName),
];

/**
 * Finds the variable of a file that holds `wanted`: by short name, WeatherBench's name or an alias, GRIB short name, CF
 * standard name, or long name, whichever fits first.
 *
 * A file's unit is converted where both measure the same; a file without units is taken at its word.
 *
 * @throws {MismatchError} if the file has no such variable, several that fit equally well, or one in another unit.
 */
export function matchVariable(
  uri: string,
  variables: ReadonlyMap<string, GriddedVariable>,
  wanted: Era5Variable,
): MatchedVariable {
  // The temperature at 2 m may carry the standard name of temperature: names of other variables rule those out.
  const candidates = [...variables.values()].filter(({ name }) => (findEra5Variable(name) ?? wanted) === wanted);
  for (const recognize of RECOGNIZE) {
    const found = candidates.filter((file) => recognize(file, wanted));
    if (found.length > 1)
      throw new MismatchError(
        uri,
        `one variable that is ${wanted.name} (${wanted.longName})`,
        found.map(({ name }) => name).join(", "),
        "Rename the one that is meant.",
      );
    const [variable] = found;
    if (variable) return { variable, conversion: conversionOf(uri, variable, wanted) };
  }
  throw new MismatchError(
    uri,
    `a variable that is ${wanted.name} (${wanted.longName})`,
    [...variables.keys()].join(", ") || "no variables",
  );
}

function conversionOf(uri: string, { name, attributes }: GriddedVariable, wanted: Era5Variable): UnitConversion {
  const { units } = attributes;
  if (typeof units !== "string" || units === "") return { scale: 1, offset: 0 };
  const conversion = unitConversion(units, wanted.units);
  if (!conversion) throw new MismatchError(`${uri}: ${name}`, `units of ${wanted.units}`, `"${units}"`);
  return conversion;
}

function sameWords(a: unknown, b: string): boolean {
  return typeof a === "string" && a.toLowerCase() === b.toLowerCase();
}
