import { MismatchError } from "@graticule/core";
import { type LatLonGrid, makeLatLonGrid } from "../grid/lat-lon-grid.js";
import type { GriddedArray, GriddedDataset, GriddedVariable, Selection } from "../gridded-dataset.js";
import { coordinateOf, readCoordinate, roleOf } from "../select/coordinates.js";
import { resolveSelection } from "../select/resolve-selection.js";
import { ERA5_VARIABLES, type Era5Variable, type Era5VariableName } from "../variables/era5-variables.js";
import { type MatchedVariable, matchVariable } from "../variables/match-variable.js";
import { cropPlanes } from "./crop-planes.js";
import { geopotentialHeight } from "./geopotential-height.js";
import { divergence, relativeVorticity } from "./vorticity-divergence.js";
import { windSpeed } from "./wind-speed.js";

type Values = GriddedArray["data"];

/** How a variable of the catalogue follows from others of it. */
interface Derivation {
  readonly name: Era5VariableName;
  readonly from: readonly Era5VariableName[];
  /** Whether a value depends on its neighbors, so that whole fields must be read. */
  readonly needsNeighbors: boolean;
  compute(inputs: readonly Values[], grid: LatLonGrid | undefined): Values;
}

function pointwise(
  name: Era5VariableName,
  from: readonly Era5VariableName[],
  compute: (...inputs: Values[]) => Values,
): Derivation {
  return { name, from, needsNeighbors: false, compute: (inputs) => compute(...inputs) };
}

function ofWind(name: Era5VariableName, compute: (grid: LatLonGrid, u: Values, v: Values) => Values): Derivation {
  return {
    ...{ name, from: ["u", "v"], needsNeighbors: true },
    compute: ([u, v], grid) => compute(grid as LatLonGrid, u as Values, v as Values),
  };
}

const DERIVATIONS: readonly Derivation[] = [
  pointwise("ws", ["u", "v"], windSpeed),
  pointwise("si10", ["u10", "v10"], windSpeed),
  pointwise("gh", ["z"], geopotentialHeight),
  pointwise("orography", ["zs"], geopotentialHeight),
  ofWind("vo", relativeVorticity),
  ofWind("d", divergence),
];

/**
 * Shows a dataset with those variables of the catalogue that it lacks and that follow from what it has: wind speed (`ws`,
 * `si10`), geopotential height (`gh`, `orography`), relative vorticity (`vo`) and divergence (`d`). They are computed on the
 * file's own grid whenever they are read, in the catalogue's units. Vorticity and divergence need latitude and longitude as
 * the last two dimensions of the wind.
 */
export function deriveVariables(dataset: GriddedDataset): GriddedDataset {
  const derived = DERIVATIONS.flatMap((derivation): [string, GriddedVariable][] => {
    const variable = derive(dataset, derivation);
    return variable ? [[derivation.name, variable]] : [];
  });
  return { ...dataset, variables: new Map([...dataset.variables, ...derived]), close: () => dataset.close() };
}

function derive(dataset: GriddedDataset, derivation: Derivation): GriddedVariable | undefined {
  const { name, from, needsNeighbors } = derivation;
  if (find(dataset, ERA5_VARIABLES[name])) return undefined;
  const inputs = from.map((input) => find(dataset, ERA5_VARIABLES[input]));
  const [first] = inputs;
  if (!first || !inputs.every((input): input is MatchedVariable => input !== undefined)) return undefined;
  const { dims, shape } = first.variable;
  const agree = inputs.every(({ variable }) => `${variable.dims}` === `${dims}` && `${variable.shape}` === `${shape}`);
  if (!agree || (needsNeighbors && !endsInLatLon(dataset, dims))) return undefined;
  const { longName, units, standardName } = ERA5_VARIABLES[name];
  const attributes = { long_name: longName, units, ...(standardName && { standard_name: standardName }) };
  const variable = { name, dims, shape, attributes };

  async function read(selection: Selection = {}): Promise<GriddedArray> {
    const [latitude, longitude] = dims.slice(-2) as [string, string];
    const whole = { ...selection, [latitude]: {}, [longitude]: {} };
    const arrays: GriddedArray[] = [];
    for (const input of inputs)
      arrays.push(await readConverted(input as MatchedVariable, needsNeighbors ? whole : selection));
    const grid = needsNeighbors ? await readGrid(dataset, latitude, longitude) : undefined;
    const data = derivation.compute(
      arrays.map((array) => array.data),
      grid,
    );
    const { region, ...kept } = resolveSelection(variable, selection);
    return { ...kept, data: needsNeighbors ? cropPlanes(data, shape, region) : data };
  }
  return { ...variable, read };
}

function find({ uri, variables }: GriddedDataset, wanted: Era5Variable): MatchedVariable | undefined {
  try {
    return matchVariable(uri, variables, wanted);
  } catch (error) {
    if (error instanceof MismatchError) return undefined;
    throw error;
  }
}

function endsInLatLon(dataset: GriddedDataset, dims: readonly string[]): boolean {
  const roles = dims.slice(-2).map((dim) => {
    const coordinate = coordinateOf(dataset, dim);
    return coordinate && roleOf(coordinate);
  });
  return roles[0] === "latitude" && roles[1] === "longitude";
}

async function readGrid(dataset: GriddedDataset, latitude: string, longitude: string): Promise<LatLonGrid> {
  const rows = await readCoordinate(dataset, latitude);
  const columns = await readCoordinate(dataset, longitude);
  return makeLatLonGrid(rows.values, columns.values);
}

async function readConverted(
  { variable, conversion: { scale, offset } }: MatchedVariable,
  selection: Selection,
): Promise<GriddedArray> {
  const array = await variable.read(selection);
  if (scale === 1 && offset === 0) return array;
  return { ...array, data: array.data.map((value) => value * scale + offset) as Values };
}
