import { ConfigError, FormatError } from "@graticule/core";
import type { CubeOptions } from "../cube.js";
import type { StridedLayout } from "../strided/strided-layout.js";
import { describeArray, type MatArray } from "./mat-array.js";

/** The variable that holds a cube, its size, and how it lies: MATLAB's arrays are column-major. */
export interface PickedCube<Variable extends MatArray> {
  readonly variable: Variable;
  readonly height: number;
  readonly width: number;
  readonly bands: number;
  readonly strides: StridedLayout["strides"];
}

/**
 * Picks the variable that holds the cube: the one asked for, else the only array of rows, columns and bands; with a
 * shape the only matrix of as many pixels.
 *
 * @throws {FormatError} if the file has none. @throws {ConfigError} if it has several, or the one named doesn't fit.
 */
export function pickCube<Variable extends MatArray>(
  path: string,
  variables: readonly Variable[],
  { variable: name, shape, pixelOrder = "column" }: CubeOptions,
): PickedCube<Variable> {
  const listed = variables.slice(0, 16).map(describeArray).join("; ");
  const isCube = ({ dims }: MatArray): boolean =>
    shape === undefined ? dims.length === 3 : dims.length === 2 && dims.includes(shape[0] * shape[1]);
  const wanted =
    shape === undefined
      ? "an array [rows, columns, bands]"
      : `a matrix with ${shape[0]} · ${shape[1]} = ${shape[0] * shape[1]} pixels along one side`;
  const numeric = variables.filter((variable) => variable.dtype !== undefined);
  const fitting = numeric.filter(isCube);
  const found = name === undefined ? fitting : fitting.filter((variable) => variable.name === name);
  if (name !== undefined && found.length === 0)
    throw new ConfigError(
      `${path}: expected variable '${name}' to be ${wanted} of real numbers, got ${listed}. ${shape === undefined ? "Give the shape [rows, columns] of a matrix of spectra." : "Check the shape."}`,
    );
  if (found.length === 0)
    throw new FormatError(
      path,
      `${wanted} of real numbers`,
      listed || "no variables",
      "Give the variable, and for a matrix of spectra the shape [rows, columns].",
    );
  if (found.length > 1)
    throw new ConfigError(
      `${path}: expected one variable that is ${wanted}, got ${found.map(describeArray).join("; ")}. Name one: { variable: "${(found[0] as Variable).name}" }.`,
    );
  const variable = found[0] as Variable;
  return { variable, ...placeCube(variable.dims, shape, pixelOrder) };
}

function placeCube(
  dims: readonly number[],
  shape: readonly [number, number] | undefined,
  pixelOrder: "column" | "row",
): Omit<PickedCube<MatArray>, "variable"> {
  if (shape === undefined) {
    const [height, width, bands] = dims as [number, number, number];
    return { height, width, bands, strides: { row: 1, column: height, band: height * width } };
  }
  const [height, width] = shape;
  const pixels = height * width;
  const pixelsFirst = dims[0] === pixels;
  const bands = dims[pixelsFirst ? 1 : 0] as number;
  const pixel = pixelsFirst ? 1 : bands;
  const [row, column] = pixelOrder === "column" ? [pixel, pixel * height] : [pixel * width, pixel];
  return { height, width, bands, strides: { row, column, band: pixelsFirst ? pixels : 1 } };
}
