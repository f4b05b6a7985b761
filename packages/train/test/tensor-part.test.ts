import fc from "fast-check";
import { expect, it } from "vitest";
import { sharedRuns, type TensorPart } from "../src/tensor-part.js";

/** The values of a part of a tensor whose values are their places. */
function placesOf(part: TensorPart): number[] {
  const length = part.shape.reduce((product, each) => product * each, 1);
  const whole = { shape: part.shape, start: 0, length };
  const places = new Array<number>(part.length).fill(-1);
  for (const { inA, inB, length: count } of sharedRuns(part, whole))
    for (let index = 0; index < count; index++) places[inA + index] = inB + index;
  return places;
}

it("a part of a slice is its rows' runs, row-major", () => {
  // Columns 0 and 2 of rows of three: 0 2 3 5 6 8.
  const slice = {
    dim: 1,
    ranges: [
      [0, 1],
      [2, 3],
    ] as const,
  };
  expect(placesOf({ shape: [3, 3], slice, start: 0, length: 6 })).toEqual([0, 2, 3, 5, 6, 8]);
  expect(placesOf({ shape: [3, 3], slice, start: 1, length: 3 })).toEqual([2, 3, 5]);
  // Rows 1 and 3 of four.
  const rows = {
    dim: 0,
    ranges: [
      [1, 2],
      [3, 4],
    ] as const,
  };
  expect(placesOf({ shape: [4, 2], slice: rows, start: 1, length: 2 })).toEqual([3, 6]);
  expect(placesOf({ shape: [4, 2], start: 3, length: 0 })).toEqual([]);
});

it("two parts share just the values that lie in both", () => {
  const shape = fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 3 }),
  );
  const cut = fc.record({
    dim: fc.integer({ min: 0, max: 2 }),
    cuts: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    isSliced: fc.boolean(),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    to: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(shape, cut, cut, (dims, ...cuts) => {
      const [a, b] = cuts.map(({ dim, cuts: indices, isSliced, from, to }): TensorPart => {
        const kept = indices.filter((index) => index < (dims[dim] as number)).sort((x, y) => x - y);
        const slice = { dim, ranges: kept.map((index) => [index, index + 1] as const) };
        const whole = dims.reduce((product, each) => product * each, 1);
        const total = isSliced ? (whole / (dims[dim] as number)) * kept.length : whole;
        const [start, end] = [Math.floor(Math.min(from, to) * total), Math.floor(Math.max(from, to) * total)];
        return { shape: dims, ...(isSliced && { slice }), start, length: end - start };
      }) as [TensorPart, TensorPart];
      const [placesA, placesB] = [placesOf(a), placesOf(b)];
      const shared: number[] = [];
      for (const { inA, inB, length } of sharedRuns(a, b))
        for (let index = 0; index < length; index++) {
          expect(placesA[inA + index]).toBe(placesB[inB + index]);
          shared.push(placesA[inA + index] as number);
        }
      expect(shared).toEqual(placesA.filter((place) => placesB.includes(place)));
    }),
    { seed: 42, numRuns: 500 },
  );
});
