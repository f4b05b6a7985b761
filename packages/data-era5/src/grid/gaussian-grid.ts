import { expectation } from "@graticule/core";
import { type LatLonGrid, makeLatLonGrid } from "./lat-lon-grid.js";

/**
 * Makes a full Gaussian grid: rows at the zeros of a Legendre polynomial, row 0 in the north, column 0 at Greenwich.
 *
 * A row's cells are as tall as its quadrature weight, so that the sum of value times cell area is Gauss-Legendre
 * quadrature; other tools put the edges midway, which differs by less than a hundredth of a step away from the poles.
 *
 * Shape: `numLatitudes` rows, twice as many columns unless `numLongitudes` says otherwise.
 *
 * @throws {RangeError} if `numLatitudes` is odd or below 2, or `numLongitudes` below 2.
 */
export function makeGaussianGrid(numLatitudes: number, numLongitudes = 2 * numLatitudes): LatLonGrid {
  if (
    !(Number.isInteger(numLatitudes / 2) && numLatitudes >= 2 && Number.isInteger(numLongitudes) && numLongitudes >= 2)
  )
    throw new RangeError(
      expectation(
        "makeGaussianGrid",
        "an even number of latitudes and at least 2 longitudes",
        `${numLatitudes} and ${numLongitudes}`,
      ),
    );
  const { nodes, weights } = gaussLegendre(numLatitudes);
  const degrees = (sine: number): number => (Math.asin(Math.max(-1, Math.min(1, sine))) * 180) / Math.PI;
  const grid = makeLatLonGrid(
    nodes.map(degrees),
    Array.from({ length: numLongitudes }, (_, column) => (column * 360) / numLongitudes),
  );
  const latitudeBounds = new Float64Array(numLatitudes + 1);
  let sine = 1;
  for (let row = 0; row < numLatitudes; row += 1) {
    latitudeBounds[row] = degrees(sine);
    sine -= weights[row] as number;
  }
  latitudeBounds[numLatitudes] = -90;
  return { ...grid, latitudeBounds };
}

/**
 * Nodes, from 1 down to -1, and weights of Gauss-Legendre quadrature.
 *
 * Newton's method on P_n from the asymptotic zeros cos(π (i - 1/4) / (n + 1/2)), until a step is below 1e-15.
 * Source: Abramowitz and Stegun 1964, 25.4.29 (weights), 22.16.6 (first guess).
 */
export function gaussLegendre(order: number): { readonly nodes: Float64Array; readonly weights: Float64Array } {
  const nodes = new Float64Array(order);
  const weights = new Float64Array(order);
  for (let index = 0; index < order / 2; index += 1) {
    let node = Math.cos((Math.PI * (index + 0.75)) / (order + 0.5));
    let slope = 0;
    for (let step = 1, iteration = 0; Math.abs(step) > 1e-15 && iteration < 20; iteration += 1) {
      let [before, value] = [1, node];
      for (let degree = 2; degree <= order; degree += 1)
        [before, value] = [value, ((2 * degree - 1) * node * value - (degree - 1) * before) / degree];
      slope = (order * (node * value - before)) / (node * node - 1);
      step = value / slope;
      node -= step;
    }
    const weight = 2 / ((1 - node * node) * slope * slope);
    nodes[index] = node;
    nodes[order - 1 - index] = -node;
    weights[index] = weight;
    weights[order - 1 - index] = weight;
  }
  return { nodes, weights };
}
