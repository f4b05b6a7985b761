import { memory, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { LayerNorm, type Linear, Module, Parameter, type StateReader, TransformerBlock } from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

class Toy extends Module {
  readonly clsToken = new Parameter([1, 1, 2]);
  readonly posEmbed = new Parameter([1, 3, 2], { trainable: false });
  readonly decoderBlocks = [new LayerNorm(2), new LayerNorm(2)];
  readonly head: Linear | undefined = undefined;
  readonly embedDim = 2;
}

test("paths are the field names in snake_case joined by dots, in field order", () => {
  const paths = new Toy().namedParameters().map(([path]) => path);
  expect(paths).toEqual([
    "cls_token",
    "pos_embed",
    "decoder_blocks.0.weight",
    "decoder_blocks.0.bias",
    "decoder_blocks.1.weight",
    "decoder_blocks.1.bias",
  ]);
  const block = new TransformerBlock({ embedDim: 4, numHeads: 2, mlpDim: 8 });
  expect(block.namedParameters().map(([path, { shape }]) => `${path} [${shape}]`)).toEqual([
    "norm1.weight [4]",
    "norm1.bias [4]",
    "attn.qkv.weight [12,4]",
    "attn.qkv.bias [12]",
    "attn.proj.weight [4,4]",
    "attn.proj.bias [4]",
    "norm2.weight [4]",
    "norm2.bias [4]",
    "mlp.fc1.weight [8,4]",
    "mlp.fc1.bias [8]",
    "mlp.fc2.weight [4,8]",
    "mlp.fc2.bias [4]",
  ]);
  expect(block.namedModules().map(([path]) => path)).toEqual([
    "norm1",
    "attn",
    "attn.qkv",
    "attn.proj",
    "norm2",
    "mlp",
    "mlp.fc1",
    "mlp.fc2",
  ]);
});

test("a model takes no storage until it is used, and gives all of it back", () => {
  const before = memory().numTensors;
  const toy = new Toy();
  expect(memory().numTensors).toBe(before);
  expect(toy.clsToken.variable).toBe(toy.clsToken.variable);
  expect([...toy.stateDict().values()].map((variable) => variable.trainable)).toEqual([
    true,
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(memory().numTensors).toBe(before + 6);
  toy.dispose();
  toy.dispose();
  expect(memory().numTensors).toBe(before);
  expect(() => toy.clsToken.variable).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: Parameter.variable: expected a live parameter, got a disposed one. Build the model anew.]`,
  );
});

test("two models of one kind live side by side", () => {
  const [a, b] = [new Toy(), new Toy()];
  a.clsToken.assign(Float32Array.of(1, 2));
  b.clsToken.assign(Float32Array.of(3, 4));
  expect([...a.clsToken.variable.dataSync()]).toEqual([1, 2]);
  a.dispose();
  expect([...b.clsToken.variable.dataSync()]).toEqual([3, 4]);
  b.dispose();
});

test("assign keeps the variable, frees the old values and refuses another count", () => {
  const parameter = new Parameter([2, 2]);
  const variable = parameter.variable;
  const before = memory().numBytes;
  parameter.assign(Float32Array.of(1, 2, 3, 4));
  expect(parameter.variable).toBe(variable);
  expect([...variable.dataSync()]).toEqual([1, 2, 3, 4]);
  expect(memory().numBytes).toBe(before);
  expect(() => parameter.assign(new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Parameter.assign: expected 4 values for [2,2], got 3.]`,
  );
  parameter.dispose();
});

test("a state dict loads into another model by value, not by reference", async () => {
  const [source, target] = [new Toy(), new Toy()];
  for (const [index, [, parameter]] of source.namedParameters().entries())
    parameter.assign(new Float32Array(parameter.size).fill(index + 1));
  const report = await target.loadStateDict(source.stateDict());
  expect(report).toEqual({ missing: [], unexpected: [] });
  for (const parameter of [source.clsToken, source.posEmbed]) parameter.variable.dataSync().fill(-1);
  expect(target.namedParameters().map(([, parameter]) => parameter.variable.dataSync()[0])).toEqual([1, 2, 3, 4, 5, 6]);
  source.dispose();
  target.dispose();
});

test("a strict load lists every missing, unexpected and mismatched tensor and changes nothing", async () => {
  const toy = new Toy();
  toy.clsToken.assign(Float32Array.of(5, 5));
  let reads = 0;
  const reader: StateReader = {
    tensors: new Map([
      ["cls_token", { shape: [1, 1, 2] }],
      ["pos_embed", { shape: [1, 4, 2] }],
      ["decoder_blocks.0.weight", { shape: [2, 1] }],
      ["decoder_blocks.0.bias", { shape: [2] }],
      ["head.weight", { shape: [2] }],
      ["extra", { shape: [] }],
    ]),
    read: async () => {
      reads += 1;
      return new Float32Array(2);
    },
  };
  await expect(toy.loadStateDict(reader)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: loadStateDict: expected the 6 tensors of the model, got 2 of another shape (pos_embed is [1,4,2] instead of [1,3,2]; decoder_blocks.0.weight is [2,1] instead of [2]), 2 missing (decoder_blocks.1.weight, decoder_blocks.1.bias), 2 unexpected (head.weight, extra). Build the model with the configuration that the weights were saved with.]`,
  );
  await expect(toy.loadStateDict(reader, { strict: false })).rejects.toThrow("2 of another shape");
  expect(reads).toBe(0);
  expect([...toy.clsToken.variable.dataSync()]).toEqual([5, 5]);
  toy.dispose();
});

test("a load that is not strict returns what did not match and sets the rest, one tensor at a time", async () => {
  const toy = new Toy();
  let open = 0;
  const reader: StateReader = {
    tensors: new Map([
      ["cls_token", { shape: [1, 1, 2] }],
      ["decoder_blocks.1.bias", { shape: [2] }],
      ["extra", { shape: [] }],
    ]),
    read: async (name) => {
      expect(++open).toBe(1);
      await Promise.resolve();
      open -= 1;
      return Float32Array.of(name.length, 1);
    },
  };
  const report = await toy.loadStateDict(reader, { strict: false });
  expect(report).toEqual({
    missing: ["pos_embed", "decoder_blocks.0.weight", "decoder_blocks.0.bias", "decoder_blocks.1.weight"],
    unexpected: ["extra"],
  });
  expect([...toy.clsToken.variable.dataSync()]).toEqual([9, 1]);
  toy.dispose();
});

test("a state dict may hold tensors from anywhere", async () => {
  const norm = new LayerNorm(2);
  const [weight, bias] = [tensor([1, 2]), tensor([3, 4])];
  await norm.loadStateDict(
    new Map([
      ["weight", weight],
      ["bias", bias],
    ]),
  );
  weight.dispose();
  bias.dispose();
  expect([...norm.bias.variable.dataSync()]).toEqual([3, 4]);
  norm.dispose();
});
