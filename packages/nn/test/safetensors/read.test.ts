import { expect, test } from "vitest";
import {
  type ByteSource,
  bytesSource,
  encodeFloats,
  encodeSafetensorsHeader,
  openSafetensorsState,
  readSafetensor,
  readSafetensorsHeader,
} from "../../src/index.js";

function makeFile(): Uint8Array {
  const header = encodeSafetensorsHeader([
    { name: "byte", dtype: "U8", shape: [1] },
    { name: "odd", dtype: "F32", shape: [2] },
    { name: "long", dtype: "I64", shape: [2] },
    { name: "half", dtype: "BF16", shape: [1] },
    { name: "none", dtype: "F32", shape: [0, 3] },
  ]);
  const long = new Uint8Array(BigInt64Array.of(-5n, 7n).buffer);
  return Uint8Array.from([
    ...header,
    255,
    ...encodeFloats("F32", Float32Array.of(1.5, -2)),
    ...long,
    ...encodeFloats("BF16", Float32Array.of(3)),
  ]);
}

test("tensors are read in their own type from any alignment", async () => {
  const source = bytesSource("model", makeFile());
  const header = await readSafetensorsHeader(source);
  expect(await readSafetensor(source, header, "byte")).toEqual(Uint8Array.of(255));
  expect(await readSafetensor(source, header, "odd")).toEqual(Float32Array.of(1.5, -2));
  expect(await readSafetensor(source, header, "long")).toEqual(BigInt64Array.of(-5n, 7n));
  expect(await readSafetensor(source, header, "half")).toEqual(Float32Array.of(3));
  expect(await readSafetensor(source, header, "none")).toEqual(new Float32Array(0));
});

test("a state reader gives every tensor as float32 that the caller owns", async () => {
  const bytes = makeFile();
  const state = await openSafetensorsState(bytesSource("model", bytes));
  expect(await state.read("long")).toEqual(Float32Array.of(-5, 7));
  const values = await state.read("odd");
  values.fill(0);
  expect(await state.read("odd")).toEqual(Float32Array.of(1.5, -2));
});

test("no read asks for more than 256 MiB, and a big tensor is put together from slices", async () => {
  const length = 300 * 1024 * 1024;
  const header = encodeSafetensorsHeader([{ name: "big", dtype: "U8", shape: [length] }]);
  const asked: number[] = [];
  const source: ByteSource = {
    path: "big",
    bytes: header.byteLength + length,
    read: async (offset, count) => {
      if (offset < header.byteLength) return header.subarray(offset, offset + count);
      asked.push(count);
      return new Uint8Array(count).fill(asked.length);
    },
  };
  const values = await readSafetensor(source, await readSafetensorsHeader(source), "big");
  expect(asked).toEqual([256 * 1024 * 1024, 44 * 1024 * 1024]);
  expect([values[0], values[256 * 1024 * 1024 - 1], values[256 * 1024 * 1024], values[length - 1]]).toEqual([
    1, 1, 2, 2,
  ]);
});

test("an unknown name and a source that ends early are errors", async () => {
  const bytes = makeFile();
  const source = bytesSource("model", bytes);
  const header = await readSafetensorsHeader(source);
  await expect(readSafetensor(source, header, "weight")).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: model: expected one of its 5 tensors, got 'weight'. Names look like 'byte'.]`,
  );
  const cut = bytesSource("model", bytes.subarray(0, bytes.byteLength - 4));
  await expect(readSafetensor(cut, header, "long")).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: model, tensor 'long': expected 16 bytes at 305, got 14. The file changed or was cut while it was read.]`,
  );
  await expect(
    readSafetensorsHeader(bytesSource("model", bytes.subarray(0, 40))),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: model: expected a header of 2 to 32 bytes in a file of 40, got a header length of 288. The file is truncated or not in safetensors format.]`,
  );
});
