import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  type ByteSource,
  bfloat16ToFloat32,
  bytesSource,
  encodeFloats,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  readSafetensor,
  readSafetensorsHeader,
} from "../../src/index.js";

const path = new URL("../fixtures/half-precision.safetensors", import.meta.url);
const source: ByteSource = bytesSource("half-precision.safetensors", readFileSync(path));
const read = async (name: string) => readSafetensor(source, await readSafetensorsHeader(source), name);
const bits = async (name: string) => {
  const entry = (await readSafetensorsHeader(source)).tensors.get(name)!;
  const bytes = Uint8Array.from(await source.read(entry.offset, entry.bytes));
  return new Uint16Array(bytes.buffer);
};

test("subnormals, infinities, NaN, signed zeros and ties round as PyTorch rounds them", async () => {
  const values = (await read("values")) as Float32Array;
  const isNan = (half: number, infinity: number) => (half & 0x7fff) > infinity;
  for (const [convert, name, infinity] of [
    [float32ToFloat16, "as_f16", 0x7c00],
    [float32ToBfloat16, "as_bf16", 0x7f80],
  ] as const) {
    const [ours, theirs] = [convert(values), await bits(name)];
    for (const [index, half] of theirs.entries())
      if (isNan(half, infinity)) expect(isNan(ours[index]!, infinity)).toBe(true);
      else expect(`${values[index]}: ${ours[index]!.toString(16)}`).toBe(`${values[index]}: ${half.toString(16)}`);
  }
});

test("widening equals PyTorch's on a sweep of all bit patterns", async () => {
  for (const name of ["f16", "bf16"]) expect(await read(name)).toEqual(await read(`${name}_wide`));
});

test("every 16-bit pattern that is not NaN survives widening and rounding back", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, index) => index);
  for (const [widen, narrow] of [
    [float16ToFloat32, float32ToFloat16],
    [bfloat16ToFloat32, float32ToBfloat16],
  ] as const) {
    const wide = widen(all);
    const back = narrow(wide);
    const changed = all.filter((pattern) => (Number.isNaN(wide[pattern]) ? false : back[pattern] !== pattern));
    expect([...changed]).toEqual([]);
    expect(
      back
        .filter((_, pattern) => Number.isNaN(wide[pattern]))
        .every((half) => Number.isNaN(widen(Uint16Array.of(half))[0])),
    ).toBe(true);
  }
});

test("halfway values round to even", () => {
  // 1 + 2⁻¹¹ lies midway between 1 and 1 + 2⁻¹⁰; 1 + 3·2⁻¹¹ midway between 1 + 2⁻¹⁰ and 1 + 2⁻⁹.
  expect([...float32ToFloat16(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11))]).toEqual([0x3c00, 0x3c02]);
  expect([...float32ToBfloat16(Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8))]).toEqual([0x3f80, 0x3f82]);
});

test("encoded floats are little-endian bytes of the chosen type", () => {
  const values = Float32Array.of(0, 1, -2).subarray(1);
  expect([...encodeFloats("F32", values)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  expect([...encodeFloats("F16", values)]).toEqual([0, 0x3c, 0, 0xc0]);
  expect([...encodeFloats("BF16", values)]).toEqual([0x80, 0x3f, 0, 0xc0]);
});
