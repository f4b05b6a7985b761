import { expect, test } from "vitest";
import { bytesSource, encodeFloats, encodeSafetensorsHeader, openShardedSafetensors } from "../../src/index.js";

function fileOf(tensors: Readonly<Record<string, number[]>>): Uint8Array {
  const entries = Object.entries(tensors).map(([name, values]) => ({
    name,
    dtype: "F32" as const,
    shape: [values.length],
  }));
  const bytes = Object.values(tensors).flatMap((values) => [...encodeFloats("F32", Float32Array.from(values))]);
  return Uint8Array.from([...encodeSafetensorsHeader(entries), ...bytes]);
}

const files = new Map([
  ["model-00001-of-00002.safetensors", fileOf({ a: [1, 2], b: [3] })],
  ["model-00002-of-00002.safetensors", fileOf({ c: [4] })],
]);
const [first, second] = [...files.keys()] as [string, string];
const weightMap = { a: first, b: first, c: second };

const open = (index: unknown, opened: string[] = []) =>
  openShardedSafetensors("index.json", typeof index === "string" ? index : JSON.stringify(index), async (name) => {
    opened.push(name);
    return bytesSource(name, files.get(name)!);
  });

test("tensors are found in the file that the index names, and each file is opened once", async () => {
  const opened: string[] = [];
  const state = await open({ metadata: { total_size: 16 }, weight_map: weightMap }, opened);
  expect([opened, state.files]).toEqual([
    [first, second],
    [first, second],
  ]);
  expect([...state.tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
    ["a", "F32", [2]],
    ["b", "F32", [1]],
    ["c", "F32", [1]],
  ]);
  expect([await state.read("a"), await state.read("c")]).toEqual([Float32Array.of(1, 2), Float32Array.of(4)]);
});

test("an index that doesn't fit its files is an error that names the tensor", async () => {
  const cases: [string, unknown][] = [
    ["a tensor that no file holds", { weight_map: { ...weightMap, d: second } }],
    ["a tensor in another file", { weight_map: { ...weightMap, b: second } }],
    ["a tensor that the index leaves out", { weight_map: { a: first, c: second } }],
    ["a file in another folder", { weight_map: { a: "../secret.safetensors" } }],
    ["a file of another kind", { weight_map: { a: "model.bin" } }],
    ["no map", { metadata: {} }],
    ["a name twice", '{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}'],
    ["no JSON", "weights"],
  ];
  const messages: string[] = [];
  for (const [name, index] of cases)
    messages.push(
      `${name}: ${await open(index).then(
        () => "no error",
        (error: Error) => error.message,
      )}`,
    );
  expect(messages).toMatchInlineSnapshot(`
    [
      "a tensor that no file holds: index.json, tensor 'd': expected it in model-00002-of-00002.safetensors, as the index says, got none. Copy the files again.",
      "a tensor in another file: index.json, tensor 'b': expected it in model-00002-of-00002.safetensors, as the index says, got it in model-00001-of-00002.safetensors. Files of two models are mixed; copy them again.",
      "a tensor that the index leaves out: index.json, tensor 'b': expected it in no file, as the index says, got it in model-00001-of-00002.safetensors. Files of two models are mixed; copy them again.",
      "a file in another folder: index.json, tensor 'a': expected the name of a .safetensors file in the same folder, got "../secret.safetensors". Copy the index again.",
      "a file of another kind: index.json, tensor 'a': expected the name of a .safetensors file in the same folder, got "model.bin". Copy the index again.",
      "no map: index.json: expected an object with a weight_map of distinct names, got none. Give the index that lies beside the files.",
      "a name twice: index.json: expected an object with a weight_map of distinct names, got 'a' twice. Give the index that lies beside the files.",
      "no JSON: index.json: expected JSON, got "weights". Copy the index again.",
    ]
  `);
});
