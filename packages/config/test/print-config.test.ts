import fc from "fast-check";
import { expect, test } from "vitest";
import { configFingerprint, type PlainData, parseYamlConfig, printConfig } from "../src/index.js";

test("a config prints as YAML with short lists on one line", () => {
  const config = {
    seed: 1,
    data: { root: "a b", imageSize: [64, 48] },
    transforms: [{ kind: "flip" }],
    note: "yes: no",
  };
  expect(printConfig(config)).toBe(
    'seed: 1\ndata:\n  root: a b\n  imageSize: [64, 48]\ntransforms:\n  - kind: flip\nnote: "yes: no"\n',
  );
});

const key = fc.string({ minLength: 1 }).filter((name) => !["__proto__", "constructor", "prototype"].includes(name));
const tree = fc.letrec<{ node: PlainData }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.double(),
    fc.integer(),
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(key, tie("node"), { maxKeys: 4, noNullPrototype: true }),
  ) as fc.Arbitrary<PlainData>,
})).node;
const config = fc.dictionary(key, tree, { maxKeys: 5, noNullPrototype: true });

test("what is printed reads back as the same config", () => {
  fc.assert(
    fc.property(config, (value) => {
      expect(parseYamlConfig(printConfig(value), "printed")).toEqual(value);
    }),
    { seed: 5, numRuns: 500 },
  );
});

test("the fingerprint follows the values and not the order of keys", () => {
  expect(configFingerprint({ a: 1, b: { c: [1, 2], d: "x" } })).toBe(
    configFingerprint({ b: { d: "x", c: [1, 2] }, a: 1 }),
  );
  const values = [{}, { a: 1 }, { a: "1" }, { a: [1] }, { a: null }, { b: 1 }, { a: { b: 1 } }, { a: 1.5 }];
  expect(new Set(values.map(configFingerprint)).size).toBe(values.length);
});

test("the fingerprint is FNV-1a of the canonical JSON", () => {
  // Reference: 64-bit FNV-1a over the two bytes "{}", worked step by step from the offset basis.
  let hash = 0xcbf29ce484222325n;
  for (const byte of [0x7b, 0x7d]) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  expect(configFingerprint({})).toBe(hash.toString(16).padStart(16, "0"));
});
