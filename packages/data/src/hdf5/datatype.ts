import type { StoredDtype } from "../arrays/stored-dtype.js";
import type { Fields } from "./fields.js";

/** What an HDF5 datatype says, as far as the reader uses it. */
export type Datatype =
  | { readonly kind: "number"; readonly bytes: number; readonly dtype: StoredDtype; readonly littleEndian: boolean }
  | { readonly kind: "string"; readonly bytes: number }
  | { readonly kind: "reference"; readonly bytes: number }
  /** Elements kept in a global heap: text, or lists of `base`. */
  | { readonly kind: "list"; readonly bytes: number; readonly base: Datatype; readonly isText: boolean }
  /** One that the reader leaves out; `name` says what it is. */
  | { readonly kind: "other"; readonly bytes: number; readonly name: string };

const OTHER_NAMES: Readonly<Record<number, string>> = {
  2: "a time type",
  4: "a bit field",
  5: "opaque bytes",
  6: "a compound type",
  10: "an array type",
};

/**
 * Parses a datatype message. Enumerations are their integers.
 *
 * Source: HDF5 File Format Specification 3.0, section IV.A.2.d.
 */
export function parseDatatype(fields: Fields, depth = 0): Datatype {
  const classAndVersion = fields.uint8();
  const flags = fields.uint8() | (fields.uint8() << 8) | (fields.uint8() << 16);
  const bytes = fields.uint32();
  if (depth > 8) throw fields.broken("a datatype nested at most 8 deep", "deeper");
  switch (classAndVersion & 15) {
    case 0: {
      const [offset, precision] = [fields.uint16(), fields.uint16()];
      const bits = 8 * bytes;
      if (![1, 2, 4, 8].includes(bytes) || offset !== 0 || precision !== bits)
        return { kind: "other", bytes, name: `integers of ${precision} bits in ${bytes} bytes` };
      const dtype = `${flags & 8 ? "int" : "uint"}${bits}` as StoredDtype;
      return { kind: "number", bytes, dtype, littleEndian: (flags & 1) === 0 };
    }
    case 1: {
      fields.skip(12);
      if (![4, 8].includes(bytes) || (flags & 64) !== 0)
        return { kind: "other", bytes, name: `${8 * bytes}-bit floats` };
      return { kind: "number", bytes, dtype: bytes === 4 ? "float32" : "float64", littleEndian: (flags & 1) === 0 };
    }
    case 3:
      return { kind: "string", bytes };
    case 7:
      return { kind: "reference", bytes };
    case 8:
      return parseDatatype(fields, depth + 1);
    case 9:
      return { kind: "list", bytes, base: parseDatatype(fields, depth + 1), isText: (flags & 15) === 1 };
    default: {
      const code = classAndVersion & 15;
      return { kind: "other", bytes, name: OTHER_NAMES[code] ?? `a type of class ${code}` };
    }
  }
}
