import { makeRandom } from "@graticule/core";
import { expect, test } from "vitest";
import { makeValueDecoder } from "../src/cf/decode-values.js";

/** Around the widths of the kernel's steps and strips. */
const COUNTS = [1, 3, 63, 64, 65, 1001, 16383, 16384, 16401];

test.each([
  ["int16", Int16Array],
  ["uint16", Uint16Array],
] as const)("%s values unpack to the nearest float32, marks and what is out of range to NaN", (dtype, Numbers) => {
  const random = makeRandom(0);
  const least = dtype === "int16" ? -30000 : 10;
  for (const count of COUNTS) {
    const stored = new Numbers(count);
    for (let index = 0; index < count; index++) stored[index] = random.integer(2 ** 16);
    stored[0] = 77;
    const attributes = { _FillValue: 77, missing_value: 78, scale_factor: 0.0123, add_offset: 280.1, valid_min: least };
    const values = makeValueDecoder(dtype, attributes).decode(stored.slice());
    const expected = Float32Array.from(stored, (value) =>
      value === 77 || value === 78 || value < least ? NaN : value * 0.0123 + 280.1,
    );
    expect(values).toEqual(expected);
  }
});

test("float32 marks become NaN, wherever they lie", () => {
  const values = Float32Array.from({ length: 16401 }, (_, at) => at);
  for (const at of [0, 2, 16383, 16400]) values[at] = -999;
  const decoded = makeValueDecoder("float32", { _FillValue: -999 }).decode(values.slice());
  expect(decoded).toEqual(values.map((value) => (value === -999 ? NaN : value)));
});
