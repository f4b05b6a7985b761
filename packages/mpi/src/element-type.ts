/** Types of the elements that MPI moves; `bfloat16` and `float16` lie in `Uint16Array`s or native memory. */
export type ElementType = (typeof elementTypes)[number]["name"];

/** In the order of src-native/element_type.cc. */
export const elementTypes = [
  { name: "float32", bytes: 4, array: Float32Array },
  { name: "float64", bytes: 8, array: Float64Array },
  { name: "int8", bytes: 1, array: Int8Array },
  { name: "uint8", bytes: 1, array: Uint8Array },
  { name: "int16", bytes: 2, array: Int16Array },
  { name: "uint16", bytes: 2, array: Uint16Array },
  { name: "int32", bytes: 4, array: Int32Array },
  { name: "uint32", bytes: 4, array: Uint32Array },
  { name: "int64", bytes: 8, array: BigInt64Array },
  { name: "uint64", bytes: 8, array: BigUint64Array },
  { name: "bfloat16", bytes: 2, array: Uint16Array },
  { name: "float16", bytes: 2, array: Uint16Array },
] as const;

/** Elements that MPI can move or reduce in JavaScript's memory. */
export type ElementArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The code of a name; undefined for one that MPI cannot move. tfjs's `bool` is a byte. */
export function elementCode(name: string): number | undefined {
  const code = elementTypes.findIndex((type) => type.name === (name === "bool" ? "uint8" : name));
  return code < 0 ? undefined : code;
}

/** The code of an array's own elements. */
export function arrayElementCode(array: ElementArray): number | undefined {
  const tag = array instanceof Uint8ClampedArray ? "Uint8Array" : array.constructor.name;
  const code = elementTypes.findIndex((type) => type.array.name === tag);
  return code < 0 ? undefined : code;
}
