import { FormatError } from "@graticule/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSafetensorsHeader, parseSafetensorsHeader, type SafetensorsDtype } from "../../src/index.js";

/** The opening bytes of a file whose header is the given text. */
function headerOf(text: string, length = new TextEncoder().encode(text).byteLength): Uint8Array {
  const body = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + body.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(body, 8);
  return bytes;
}

const parse = (bytes: Uint8Array, dataBytes = 8) =>
  parseSafetensorsHeader("model.safetensors", bytes, bytes.byteLength + dataBytes);
const entry = (fields: Record<string, unknown>) =>
  JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });

test("a header gives each tensor's place in the file", () => {
  const text = entry({});
  const header = parse(headerOf(text.replace("{", '{"__metadata__":{"format":"pt"},')));
  expect(header.metadata).toEqual({ format: "pt" });
  expect([...header.tensors]).toEqual([
    ["w", { dtype: "F32", shape: [2], offset: 8 + text.length + '"__metadata__":{"format":"pt"},'.length, bytes: 8 }],
  ]);
});

test("scalars, empty tensors and names such as __proto__ are well-formed", () => {
  const text =
    '{"s":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"__proto__":{"dtype":"U8","shape":[0,9007199254740991],"data_offsets":[8,8]}}';
  expect([...parse(headerOf(text)).tensors.keys()]).toEqual(["s", "__proto__"]);
});

const two = (first: number[], second: number[]) =>
  `{"a":{"dtype":"U8","shape":[${first[1]! - first[0]!}],"data_offsets":[${first}]},"b":{"dtype":"U8","shape":[${second[1]! - second[0]!}],"data_offsets":[${second}]}}`;

const hostile: Record<string, [bytes: Uint8Array, dataBytes?: number]> = {
  "an empty file": [new Uint8Array(0), 0],
  "seven bytes": [new Uint8Array(7), 0],
  "a header length beyond the file": [headerOf("{}", 1000)],
  "a header length of 2^63": [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b, 0x7d)],
  "a header length of 0": [new Uint8Array(8)],
  "a JPEG": [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46)],
  "a text that is not JSON": [headerOf("hello there")],
  "a text that is not UTF-8": [Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe)],
  "a JSON list": [headerOf("[]")],
  null: [headerOf("null")],
  "deep nesting": [headerOf("[".repeat(200000))],
  "a tensor that is a number": [headerOf('{"w":1}')],
  "an unknown dtype": [headerOf(entry({ dtype: "F31" }))],
  "a dtype from the prototype": [headerOf(entry({ dtype: "toString" }))],
  "a dtype that is a list": [headerOf(entry({ dtype: ["F32"] }))],
  "no shape": [headerOf(entry({ shape: undefined }))],
  "a negative length": [headerOf(entry({ shape: [-2] }))],
  "a fractional length": [headerOf(entry({ shape: [2.5] }))],
  "a length as text": [headerOf(entry({ shape: ["2"] }))],
  "a length of 1e400": [headerOf(entry({}).replace("[2]", "[1e400]"))],
  "lengths whose product overflows": [headerOf(entry({ shape: [4294967296, 4294967296] }))],
  "one range number": [headerOf(entry({ data_offsets: [0] }))],
  "a negative range": [headerOf(entry({ data_offsets: [-8, 0] }))],
  "a reversed range": [headerOf(entry({ data_offsets: [8, 0] }))],
  "a range of another size than the shape": [headerOf(entry({ data_offsets: [0, 4] }))],
  "a range beyond the file": [headerOf(entry({ shape: [4], data_offsets: [0, 16] }))],
  "bytes after the last tensor": [headerOf(entry({})), 9],
  "overlapping ranges": [headerOf(two([0, 6], [4, 8]))],
  "a hole between ranges": [headerOf(two([0, 2], [4, 8]))],
  "a tensor named twice": [headerOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{}}`)],
  "a tensor named twice, once escaped": [headerOf(entry({}).replace("{", '{"\\u0077":{},'))],
  "a field named twice": [headerOf(entry({}).replace('"shape"', '"dtype":"F32","shape"'))],
  "metadata that is no map": [headerOf('{"__metadata__":[1]}'), 0],
  "metadata with a number": [headerOf('{"__metadata__":{"step":1}}'), 0],
};

test.each(Object.entries(hostile))("%s is a FormatError that names the file", (_, [bytes, dataBytes]) => {
  let error: unknown;
  try {
    parse(bytes, dataBytes);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(FormatError);
  expect((error as FormatError).message).toMatch(/^model\.safetensors.*: expected .*, got .*\./s);
  expect((error as FormatError).message.length).toBeLessThan(600);
});

test("the messages say what was expected and what to do", () => {
  const message = (name: string) => {
    try {
      const [bytes, dataBytes] = hostile[name]!;
      parse(bytes, dataBytes);
      return "no error";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(Object.keys(hostile).map(message)).toMatchInlineSnapshot(`
    [
      "model.safetensors: expected a safetensors file of at least 8 bytes, got 0 bytes. The file is empty or truncated; copy it again.",
      "model.safetensors: expected a safetensors file of at least 8 bytes, got 7 bytes. The file is empty or truncated; copy it again.",
      "model.safetensors: expected a header of 2 to 10 bytes in a file of 18, got a header length of 1000. The file is truncated or not in safetensors format.",
      "model.safetensors: expected a header of 2 to 10 bytes in a file of 18, got a header length of 9223372036854775808. The file is truncated or not in safetensors format.",
      "model.safetensors: expected a header of 2 to 8 bytes in a file of 16, got a header length of 0. The file is truncated or not in safetensors format.",
      "model.safetensors: expected a header of 2 to 10 bytes in a file of 18, got a header length of 5064878326892452095. The file is truncated or not in safetensors format.",
      "model.safetensors: expected a header in JSON, got "hello there". The file is not in safetensors format.",
      "model.safetensors: expected a header in JSON, got "��". The file is not in safetensors format.",
      "model.safetensors: expected a header that is a JSON object, got "[]".",
      "model.safetensors: expected a header that is a JSON object, got "null".",
      "model.safetensors: expected a header in JSON, got "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[". The file is not in safetensors format.",
      "model.safetensors, tensor 'w': expected an object with dtype, shape and data_offsets, got 1.",
      "model.safetensors, tensor 'w': expected a dtype of BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64, got "F31".",
      "model.safetensors, tensor 'w': expected a dtype of BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64, got "toString".",
      "model.safetensors, tensor 'w': expected a dtype of BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64, got ["F32"].",
      "model.safetensors, tensor 'w': expected a shape of whole numbers, got nothing.",
      "model.safetensors, tensor 'w': expected a shape of whole numbers, got [-2].",
      "model.safetensors, tensor 'w': expected a shape of whole numbers, got [2.5].",
      "model.safetensors, tensor 'w': expected a shape of whole numbers, got ["2"].",
      "model.safetensors, tensor 'w': expected a shape of whole numbers, got [null].",
      "model.safetensors, tensor 'w': expected a shape of at most 2^53 bytes, got [4294967296,4294967296].",
      "model.safetensors, tensor 'w': expected data_offsets [begin, end] of whole numbers, got [0].",
      "model.safetensors, tensor 'w': expected data_offsets [begin, end] of whole numbers, got [-8,0].",
      "model.safetensors, tensor 'w': expected data_offsets [begin, end] of whole numbers, got [8,0].",
      "model.safetensors, tensor 'w': expected data_offsets 8 bytes apart for F32 [2], got [0,4].",
      "model.safetensors: expected 79 bytes by its header, got 71. The file is truncated or has bytes appended; copy it again.",
      "model.safetensors: expected 70 bytes by its header, got 71. The file is truncated or has bytes appended; copy it again.",
      "model.safetensors, tensor 'b': expected data from byte 119 on, where the tensor before it ends, got byte 117. Ranges must not overlap or leave holes.",
      "model.safetensors, tensor 'b': expected data from byte 115 on, where the tensor before it ends, got byte 117. Ranges must not overlap or leave holes.",
      "model.safetensors: expected distinct keys in the header, got 'w' twice.",
      "model.safetensors: expected distinct keys in the header, got 'w' twice.",
      "model.safetensors: expected distinct keys in the header, got 'dtype' twice.",
      "model.safetensors: expected __metadata__ to map text to text, got [1].",
      "model.safetensors: expected __metadata__ to map text to text, got {"step":1}.",
    ]
  `);
});

const dtypes: Record<string, number> = { U8: 1, I16: 2, BF16: 2, F32: 4, I64: 8 };
const entries = fc.uniqueArray(
  fc.record({
    name: fc.string({ maxLength: 20 }).filter((name) => name !== "__metadata__"),
    dtype: fc.constantFrom(...(Object.keys(dtypes) as SafetensorsDtype[])),
    shape: fc.array(fc.nat(5), { maxLength: 4 }),
  }),
  { selector: ({ name }) => name, maxLength: 8 },
);

test("what is encoded parses back, and the data starts at a multiple of 8", () => {
  fc.assert(
    fc.property(entries, fc.dictionary(fc.string(), fc.string()), (list, metadata) => {
      const bytes = encodeSafetensorsHeader(list, metadata);
      expect(bytes.byteLength % 8).toBe(0);
      const size = ({ dtype, shape }: (typeof list)[number]) => shape.reduce((a, b) => a * b, dtypes[dtype]!);
      const total = list.reduce((sum, item) => sum + size(item), 0);
      const header = parseSafetensorsHeader("round trip", bytes, bytes.byteLength + total);
      expect(header.tensors.size).toBe(list.length);
      expect(Object.entries(header.metadata).sort()).toEqual(Object.entries(metadata).sort());
      let offset = bytes.byteLength;
      for (const item of list) {
        expect(header.tensors.get(item.name)).toEqual({
          dtype: item.dtype,
          shape: item.shape,
          offset,
          bytes: size(item),
        });
        offset += size(item);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("two tensors of one name can't be encoded", () => {
  const twin = { name: "w", dtype: "F32", shape: [1] } as const;
  expect(() => encodeSafetensorsHeader([twin, twin])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: encodeSafetensorsHeader: expected distinct names, got 'w' twice. Rename one of the tensors.]`,
  );
});

/** Bytes of a valid header with a few of them changed, cut or put in, or bytes that are no header at all. */
const damaged = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.json().map((text) => headerOf(text)),
  fc
    .tuple(
      entries,
      fc.array(fc.tuple(fc.nat(400), fc.nat(255), fc.constantFrom("set", "cut", "insert")), { maxLength: 6 }),
    )
    .map(([list, edits]) => {
      const bytes = [...encodeSafetensorsHeader(list)];
      for (const [position, value, kind] of edits) {
        const at = position % bytes.length;
        if (kind === "set") bytes[at] = value;
        else if (kind === "cut") bytes.splice(at, 1 + (value % 4));
        else bytes.splice(at, 0, value);
        if (bytes.length === 0) bytes.push(value);
      }
      return Uint8Array.from(bytes);
    }),
);

const fuzzSeconds = Number(process.env.GRATICULE_FUZZ_SECONDS ?? 1);

test("damaged bytes parse or are a FormatError, never another error", { timeout: fuzzSeconds * 1000 + 60_000 }, () => {
  fc.assert(
    fc.property(damaged, fc.nat(400), (bytes, dataBytes) => {
      try {
        parse(bytes, dataBytes);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }),
    {
      seed: 2,
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: fuzzSeconds * 1000,
      markInterruptAsFailure: false,
    },
  );
});
