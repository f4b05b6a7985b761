import { ConfigError } from "@graticule/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { resolveConfig } from "../src/index.js";

const schema = z.strictObject({
  seed: z.int().min(0).default(0),
  data: z.strictObject({ root: z.string().min(1), imageSize: z.tuple([z.int(), z.int()]).default([64, 64]) }),
  model: z.strictObject({ embedDim: z.int().multipleOf(8), depth: z.int().max(48).default(12) }),
  optimizer: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("adamw"), betas: z.tuple([z.number(), z.number()]).default([0.9, 0.95]) }),
      z.strictObject({ kind: z.literal("sgd"), momentum: z.number().default(0.9) }),
    ])
    .prefault({ kind: "adamw" }),
  transforms: z
    .array(z.strictObject({ name: z.string(), scale: z.number().optional() }))
    .default([{ name: "crop", scale: 0.2 }, { name: "flip" }]),
  numWorkers: z.union([z.int(), z.literal("auto")]).default("auto"),
  bands: z.record(z.string(), z.strictObject({ wavelengthNm: z.number().positive() })).default({}),
});
const minimal = { data: { root: "images" }, model: { embedDim: 192 } };
const base = { name: "run.yaml", value: minimal };

function resolve(overrides: string[], ...layers: { name: string; value: unknown }[]) {
  return resolveConfig({ schema, layers: [base, ...layers], overrides });
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error("expected a ConfigError");
}

test("a config is fully defaulted and frozen all the way down", () => {
  const config = resolve([]);
  expect(config).toEqual({
    seed: 0,
    data: { root: "images", imageSize: [64, 64] },
    model: { embedDim: 192, depth: 12 },
    optimizer: { kind: "adamw", betas: [0.9, 0.95] },
    transforms: [{ name: "crop", scale: 0.2 }, { name: "flip" }],
    numWorkers: "auto",
    bands: {},
  });
  expect(Object.isFrozen(config.transforms[0])).toBe(true);
  expect(() => Object.assign(config.model, { depth: 1 })).toThrow(TypeError);
});

test("later layers win key by key, overrides win over all, and no input is changed", () => {
  const file = { name: "b.yaml", value: { model: { depth: 4 }, data: { imageSize: [32, 48] } } };
  const config = resolve(["model.depth=6", "seed=7"], file);
  expect(config.model).toEqual({ embedDim: 192, depth: 6 });
  expect(config.data).toEqual({ root: "images", imageSize: [32, 48] });
  expect(config.seed).toBe(7);
  expect(minimal).toEqual({ data: { root: "images" }, model: { embedDim: 192 } });
  expect(file.value.model).toEqual({ depth: 4 });
});

test("overrides hold YAML scalars, lists and mappings, and reach into lists", () => {
  const config = resolve([
    "data.root=/data/set_a=b",
    "data.imageSize=[32, 48]",
    "transforms.0.scale=0.5",
    "numWorkers=4",
    "bands={red: {wavelengthNm: 660}}",
    "bands.nir.wavelengthNm=835",
  ]);
  expect(config.data).toEqual({ root: "/data/set_a=b", imageSize: [32, 48] });
  expect(config.transforms).toEqual([{ name: "crop", scale: 0.5 }, { name: "flip" }]);
  expect(config.numWorkers).toBe(4);
  expect(config.bands).toEqual({ red: { wavelengthNm: 660 }, nir: { wavelengthNm: 835 } });
});

test("a kind may have a default", () => {
  const schema = z.strictObject({
    model: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("mae").default("mae"), depth: z.int().default(2) }),
      z.strictObject({ kind: z.literal("flat"), groups: z.int().default(3) }),
    ]),
  });
  const resolve = (...layers: object[]) =>
    resolveConfig({ schema, layers: layers.map((value, index) => ({ name: `${index}`, value })) }).model;
  expect(resolve({ model: { depth: 4 } })).toEqual({ kind: "mae", depth: 4 });
  expect(resolve({ model: { kind: "mae", depth: 4 } }, { model: { kind: "flat" } })).toEqual({
    kind: "flat",
    groups: 3,
  });
  expect(messageOf(() => resolve({ model: { kind: "flat", depth: 4 } }))).toMatchInlineSnapshot(
    `"config: model.depth: expected a known key, got 'depth'. Did you mean 'model.kind'? (set by 0)"`,
  );
});

test("another kind in a union drops the old kind's fields", () => {
  const sgd = { kind: "sgd", momentum: 0.8 };
  expect(resolve(["optimizer.kind=sgd", "optimizer.momentum=0.8"]).optimizer).toEqual(sgd);
  expect(resolve(["optimizer.momentum=0.8", "optimizer.kind=sgd"]).optimizer).toEqual(sgd);
  const layers = [
    { name: "a", value: { optimizer: { kind: "adamw", betas: [0.8, 0.9] } } },
    { name: "b", value: { optimizer: { kind: "sgd" } } },
  ];
  expect(resolve([], ...layers).optimizer).toEqual({ kind: "sgd", momentum: 0.9 });
});

test("an unknown key names its path, the nearest known key and who set it", () => {
  expect(messageOf(() => resolve([], { name: "b.yaml", value: { model: { embedDimm: 8 } } }))).toMatchInlineSnapshot(
    `"config: model.embedDimm: expected a known key, got 'embedDimm'. Did you mean 'model.embedDim'? (set by b.yaml)"`,
  );
  expect(messageOf(() => resolve(["embedDim=8"]))).toMatchInlineSnapshot(
    `"config: embedDim: expected a known key, got 'embedDim'. Did you mean 'model.embedDim'? (set by override 'embedDim=8')"`,
  );
  expect(messageOf(() => resolve(["optimizer.momentun=0.8", "optimizer.kind=sgd"]))).toMatchInlineSnapshot(
    `"config: optimizer.momentun: expected a known key, got 'momentun'. Did you mean 'optimizer.momentum'? (set by override 'optimizer.momentun=0.8')"`,
  );
  expect(messageOf(() => resolve(["transforms.1.scalee=3"]))).toMatchInlineSnapshot(
    `"config: transforms.1.scalee: expected a known key, got 'scalee'. Did you mean 'transforms.1.scale'? (set by override 'transforms.1.scalee=3')"`,
  );
  expect(messageOf(() => resolve(["bands.red.wavelength=660"]))).toMatchInlineSnapshot(`
    "config: expected a valid configuration, got 2 problems.
      bands.red.wavelength: expected a known key, got 'wavelength'. Did you mean 'bands.red.wavelengthNm'? (set by override 'bands.red.wavelength=660')
      bands.red.wavelengthNm: expected a number, got nothing."
  `);
  expect(messageOf(() => resolve(["optimizer.beta=[1, 2]"]))).toMatchInlineSnapshot(
    `"config: optimizer.beta: expected a known key, got 'beta'. Did you mean 'optimizer.betas'? (set by override 'optimizer.beta=[1, 2]')"`,
  );
});

test("values that don't fit name path, expected and got", () => {
  const overrides = [
    "model.embedDim=wide",
    "model.embedDim=100",
    "model.depth=96",
    "seed=1.5",
    "seed=.nan",
    "data.imageSize=[64]",
    "data.imageSize=64",
    "data.root=''",
    "data.root=null",
    "optimizer.kind=lion",
    "numWorkers=many",
    "numWorkers={a: 1}",
    "bands={red: {wavelengthNm: -1}}",
    "transforms.0.name=[1]",
  ];
  const messages = overrides.map((override) => messageOf(() => resolve([override])));
  expect(messages).toMatchInlineSnapshot(`
    [
      "config: model.embedDim: expected a number, got 'wide'. (set by override 'model.embedDim=wide')",
      "config: model.embedDim: expected a multiple of 8, got 100. (set by override 'model.embedDim=100')",
      "config: model.depth: expected at most 48, got 96. (set by override 'model.depth=96')",
      "config: seed: expected a whole number, got 1.5. (set by override 'seed=1.5')",
      "config: seed: expected a number, got NaN. (set by override 'seed=.nan')",
      "config: data.imageSize: expected at least 2 elements, got 1 in [64]. (set by override 'data.imageSize=[64]')",
      "config: data.imageSize: expected a list, got 64. (set by override 'data.imageSize=64')",
      "config: data.root: expected at least 1 character, got 0 in ''. (set by override 'data.root=''')",
      "config: data.root: expected text, got null. (set by override 'data.root=null')",
      "config: optimizer.kind: expected one of 'adamw', 'sgd', got 'lion'. (set by override 'optimizer.kind=lion')",
      "config: numWorkers: expected a number or 'auto', got 'many'. (set by override 'numWorkers=many')",
      "config: numWorkers: expected a number or 'auto', got {"a":1}. (set by override 'numWorkers={a: 1}')",
      "config: bands.red.wavelengthNm: expected more than 0, got -1. (set by override 'bands={red: {wavelengthNm: -1}}')",
      "config: transforms.0.name: expected text, got [1]. (set by override 'transforms.0.name=[1]')",
    ]
  `);
});

test("several problems are listed together", () => {
  expect(
    messageOf(() =>
      resolveConfig({ schema, layers: [{ name: "run.yaml", value: { sed: 1, model: { depth: "x" } } }] }),
    ),
  ).toMatchInlineSnapshot(`
    "config: expected a valid configuration, got 4 problems.
      sed: expected a known key, got 'sed'. Did you mean 'seed'? (set by run.yaml)
      data: expected a mapping, got nothing.
      model.embedDim: expected a number, got nothing.
      model.depth: expected a number, got 'x'. (set by run.yaml)"
  `);
});

test("overrides that can't be read or applied say why", () => {
  const overrides = [
    "seed",
    "=3",
    "model..depth=3",
    "seed=",
    "transforms.2.name=x",
    "transforms.first.name=x",
    "seed.a=1",
    "data.root=[a",
    "data.root=@x",
    "__proto__.polluted=1",
    "model.constructor.x=1",
  ];
  expect(overrides.map((override) => messageOf(() => resolve([override])))).toMatchInlineSnapshot(`
    [
      "override 'seed': expected the form a.b=value, got no '='. Write 'seed=VALUE'.",
      "override '=3': expected keys separated by dots, got an empty key. Write a.b=value.",
      "override 'model..depth=3': expected keys separated by dots, got an empty key. Write a.b=value.",
      "override 'seed=': expected a value, got nothing. Write seed='' for empty text or seed=null.",
      "override 'transforms.2.name=x': expected an index from 0 to 1, got '2'. Write the whole list, e.g. a=[1, 2].",
      "override 'transforms.first.name=x': expected an index from 0 to 1, got 'first'. Write the whole list, e.g. a=[1, 2].",
      "override 'seed.a=1': expected a mapping or list at 'seed', got 0. Shorten the path.",
      "override 'data.root=[a':1:3: expected valid YAML, got flow sequence must end with a ]. Check indents and quotes.",
      "override 'data.root=@x':1:1: expected valid YAML, got plain value cannot start with reserved character @. Check indents and quotes.",
      "override '__proto__.polluted=1': expected ordinary keys, got '__proto__'. That name is reserved by JavaScript; rename it.",
      "override 'model.constructor.x=1': expected ordinary keys, got 'constructor'. That name is reserved by JavaScript; rename it.",
    ]
  `);
});

test("layers must be plain data", () => {
  const layers = [[1], "text", { seed: () => 1 }, { seed: new Date(0) }, { seed: 1n }, { data: new Map() }];
  expect(layers.map((value) => messageOf(() => resolve([], { name: "run.ts", value })))).toMatchInlineSnapshot(`
    [
      "run.ts: expected a mapping, got [1]. A config is a mapping of keys to values.",
      "run.ts: expected a mapping, got 'text'. A config is a mapping of keys to values.",
      "run.ts: seed: expected text, numbers, booleans, null, lists and mappings, got a function. Write the value as plain data.",
      "run.ts: seed: expected text, numbers, booleans, null, lists and mappings, got a Date. Write the value as plain data.",
      "run.ts: seed: expected text, numbers, booleans, null, lists and mappings, got a bigint. Write the value as plain data.",
      "run.ts: data: expected text, numbers, booleans, null, lists and mappings, got a Map. Write the value as plain data.",
    ]
  `);
});

test("optional objects stay absent, and open mappings take any key", () => {
  const open = z.object({
    note: z.strictObject({ text: z.string().default("x") }).optional(),
    extra: z.any().optional(),
  });
  expect(
    resolveConfig({ schema: open, layers: [{ name: "a", value: { extra: { anything: [1, { b: 2 }] } } }] }),
  ).toEqual({
    extra: { anything: [1, { b: 2 }] },
  });
  expect(resolveConfig({ schema: open, overrides: ["note.text=hello"] })).toEqual({ note: { text: "hello" } });
  expect(resolveConfig({ schema: z.looseObject({}), overrides: ["any.key=1"] })).toEqual({ any: { key: 1 } });
});
