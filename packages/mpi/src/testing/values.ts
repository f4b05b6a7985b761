import type { MpiBuffer } from "../buffer.js";
import { type ElementType, elementTypes } from "../element-type.js";

/** A buffer of a type with these small whole numbers, and how to read it back. */
export function makeBuffer(dtype: ElementType, values: readonly number[]): { buffer: MpiBuffer; read: () => number[] } {
  const { array: ArrayType } = elementTypes.find(({ name }) => name === dtype) as (typeof elementTypes)[number];
  if (dtype === "bfloat16" || dtype === "float16") {
    const [narrow, widen] = dtype === "bfloat16" ? [toBfloat16, fromBfloat16] : [toFloat16, fromFloat16];
    const halves = Uint16Array.from(values, narrow);
    return { buffer: { values: halves, dtype }, read: () => Array.from(halves, widen) };
  }
  if (ArrayType === BigInt64Array || ArrayType === BigUint64Array) {
    const array = new ArrayType(values.map((value) => BigInt(value)));
    return { buffer: array, read: () => Array.from(array, Number) };
  }
  const array = new (ArrayType as Float32ArrayConstructor)(values);
  return { buffer: array, read: () => Array.from(array) };
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** To nearest, ties to even. */
export function toBfloat16(value: number): number {
  float[0] = value;
  const wide = bits[0] as number;
  return ((wide + 0x7fff + ((wide >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat16(half: number): number {
  bits[0] = half << 16;
  return float[0] as number;
}

export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const significand = half & 1023;
  if (exponent === 31) return significand ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * significand * 2 ** -24 : sign * (1024 + significand) * 2 ** (exponent - 25);
}

/** To nearest, ties to even, by search: slow, and unlike the addon's way. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  let low = 0;
  let high = 0x7c00;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fromFloat16(middle) <= size) low = middle;
    else high = middle;
  }
  const [below, above] = [size - fromFloat16(low), (high === 0x7c00 ? 65536 : fromFloat16(high)) - size];
  return sign | (below < above || (below === above && low % 2 === 0) ? low : high);
}
