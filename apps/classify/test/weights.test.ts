import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { landsat7Schema } from "@graticule/data-geotiff";
import {
  bytesSource,
  encodeFloats,
  encodeSafetensorsHeader,
  openSafetensorsState,
  type TensorFile,
} from "@graticule/nn";
import { openBackend } from "@graticule/train";
import { mean, tensor } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  evaluateConfig,
  evaluateEncoder,
  exportRun,
  importConfig,
  importRun,
  openEncoder,
  openPretrainedRun,
  openWeights,
  readPublishedSettings,
  readRunConfig,
} from "../src/index.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const fixtures = new URL("../../../packages/models/test/fixtures/", import.meta.url);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-weights-"));
  await openBackend({ name: "cpu", device: "cpu", precision: "fp32", threads: 1 });
});

afterAll(() => rm(folder, { recursive: true }));

const openFixture = async (name: string): Promise<TensorFile> =>
  openSafetensorsState(bytesSource(name, await readFile(new URL(`${name}.safetensors`, fixtures))));

/** The published tensors of a fixture, those whose name `half` accepts in 16 bits, as the bytes of one file. */
async function publish(
  name: string,
  { half = () => false, keep = () => true }: Partial<Record<"half" | "keep", (name: string) => boolean>> = {},
): Promise<Uint8Array> {
  const fixture = await openFixture(name);
  const names = [...fixture.tensors.keys()].filter((key) => key.startsWith("model.") && keep(key));
  const entries = names.map((key) => {
    const dtype = half(key) ? ("F16" as const) : ("F32" as const);
    return { key, dtype, shape: fixture.tensors.get(key)!.shape, name: key.slice("model.".length) };
  });
  const values = [];
  for (const { key, dtype } of entries) values.push(encodeFloats(dtype, await fixture.read(key)));
  return Buffer.concat([encodeSafetensorsHeader(entries, { format: "pt" }), ...values]);
}

const channels = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `band${index + 1}`, mean: 100 + index, std: 50 }));

/** A file's tensors as name, type, shape and bytes. */
async function contents(path: string): Promise<Map<string, string>> {
  const file = await openWeights(path);
  const found = new Map<string, string>();
  for (const [name, { dtype, shape }] of file.tensors) {
    const bytes = encodeFloats(dtype as "F32", await file.read(name));
    found.set(name, `${dtype} [${shape}] ${Buffer.from(bytes).toString("base64")}`);
  }
  await file.close();
  return new Map([...found].sort());
}

test("a Hugging Face folder becomes a run with transformers' tokens, and the same bytes come out", async () => {
  const source = join(folder, "hf");
  await mkdir(source);
  await writeFile(
    join(source, "model.safetensors"),
    await publish("hf-vit", { half: (name) => name.includes("layer.1") }),
  );
  const config = { num_attention_heads: 4, layer_norm_eps: 1e-12, image_size: [8, 12], hidden_size: 16 };
  await writeFile(join(source, "config.json"), JSON.stringify(config));
  const settings = await readPublishedSettings(source);
  expect(settings).toEqual({ numHeads: 4, normEpsilon: 1e-12, imageSize: [8, 12] });
  const preprocessor = join(source, "preprocessor_config.json");
  await writeFile(
    preprocessor,
    JSON.stringify({ image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] }),
  );
  expect(await readPublishedSettings(join(source, "model.safetensors"))).toEqual({
    ...settings,
    normalization: "imagenet",
  });
  await writeFile(preprocessor, JSON.stringify({ image_mean: [0, 0, 0], image_std: [1, 1, 1] }));
  const colors = ["red", "green", "blue"].map((name) => ({ name, mean: 0, std: 255 }));
  expect(await readPublishedSettings(source)).toEqual({ ...settings, channels: colors });
  const run = join(folder, "run-hf");
  const result = await importRun(source, "hf-vit", run, importConfig.parse({ ...settings, channels: channels(5) }));
  expect([result.numTensors, result.skipped, [...result.adapted]]).toEqual([32, [], []]);
  const out = join(folder, "out.safetensors");
  await exportRun(run, "hf-vit", out);
  expect(await contents(out)).toEqual(await contents(source));
  await exportRun(run, "timm-vit", out);
  expect([...(await contents(out)).keys()]).toContain("blocks.1.attn.qkv.weight");
  await expect(importRun(source, "hf-vit", run, importConfig.parse({}))).rejects.toThrow("got one with checkpoints");
});

test("SigLIP's tower becomes a run with the mean of transformers' tokens, and the same bytes come out", async () => {
  const source = join(folder, "siglip");
  await mkdir(source);
  const tower = await publish("siglip", { half: (name) => name.includes("mlp") });
  const file = await openSafetensorsState(bytesSource("tower", tower));
  const others = new Map([
    ["logit_scale", [1]],
    ["text_model.final_layer_norm.weight", [8]],
    ["vision_model.head.probe", [1, 1, 16]],
  ]);
  const kept = [...file.tensors].map(([name, { shape, dtype }]) => ({ name: `vision_model.${name}`, shape, dtype }));
  const left = Array.from(others, ([name, shape]) => ({ name, shape, dtype: "F32" as const }));
  const values = [];
  for (const { name, dtype } of kept)
    values.push(encodeFloats(dtype as "F32", await file.read(name.replace("vision_model.", ""))));
  for (const { shape } of left) values.push(new Uint8Array(4 * shape.reduce((size, length) => size * length, 1)));
  const header = encodeSafetensorsHeader([...kept, ...left], { format: "pt" });
  await writeFile(join(source, "model.safetensors"), Buffer.concat([header, ...values]));
  const vision = { num_attention_heads: 4, image_size: 22, patch_size: 5, hidden_size: 16 };
  await writeFile(join(source, "config.json"), JSON.stringify({ text_config: {}, vision_config: vision }));

  const settings = await readPublishedSettings(source);
  expect(settings).toEqual({ numHeads: 4, imageSize: [20, 20] });
  const run = join(folder, "run-siglip");
  const strict = importRun(source, "siglip", run, importConfig.parse(settings));
  await expect(strict).rejects.toThrow(/unexpected.*logit_scale/s);
  const skip = ["logit_scale", "text_model.**", "vision_model.head.**"];
  await importRun(source, "siglip", run, importConfig.parse({ ...settings, skip }));
  const stored = await openPretrainedRun(run);
  expect(stored.run.model).toMatchObject({ kind: "vit", pool: "mean", classToken: false, activation: "gelu-tanh" });
  expect(stored.checkpoint.state.schema[0]).toEqual({ name: "red", mean: 127.5, std: 127.5 });

  const exact = join(folder, "run-siglip-exact");
  const fixture = await openFixture("siglip");
  await writeFile(join(folder, "siglip.safetensors"), await publish("siglip"));
  await importRun(join(folder, "siglip.safetensors"), "siglip", exact, importConfig.parse({ numHeads: 4 }));
  const encoder = await openEncoder(await openPretrainedRun(exact), "mean");
  const features = encoder.features(tensor(await fixture.read("native"), [2, 3, 20, 20]));
  const tokens = tensor(await fixture.read("native.tokens"), [2, 16, 16]);
  const [actual, expected] = [await features.data(), await mean(tokens, 1).data()];
  // float32 against float32, sums in another order.
  for (const [index, value] of expected.entries()) expect(Math.abs(value - actual[index]!)).toBeLessThan(1e-5);
  encoder.dispose();
  await expect(openPretrainedRun(exact).then((opened) => openEncoder(opened, "cls"))).rejects.toThrow("pool: expected");

  const out = join(folder, "siglip-out.safetensors");
  await exportRun(run, "siglip", out);
  const published = [...(await contents(source))].filter(([name]) => !others.has(name));
  expect([...(await contents(out))]).toEqual(published);
});

test("weights in several files, and those of torch.save, are the same run", async () => {
  const source = join(folder, "shards");
  await mkdir(source);
  const isEarly = (name: string) => name.includes("blocks.0");
  const [a, b] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
  await writeFile(join(source, a), await publish("vit-cls", { keep: isEarly }));
  await writeFile(join(source, b), await publish("vit-cls", { keep: (name) => !isEarly(name) }));
  const names = [...(await openFixture("vit-cls")).tensors.keys()].filter((name) => name.startsWith("model."));
  const weightMap = Object.fromEntries(names.map((name) => [name.slice("model.".length), isEarly(name) ? a : b]));
  await writeFile(join(source, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
  const pth = fileURLToPath(new URL("vit-cls.pth", fixtures));
  expect(await contents(source)).toEqual(await contents(pth));

  const settings = { numHeads: 4, imageSize: [8, 12], channels: channels(5) };
  const run = join(folder, "run-pth");
  await importRun(pth, "timm-vit", run, importConfig.parse(settings));
  const encoder = await openEncoder(await openPretrainedRun(run), "cls");
  const fixture = await openFixture("vit-cls");
  const images = tensor(await fixture.read("images"), [2, 5, 8, 12]);
  const [actual, expected] = [await encoder.features(images).data(), await fixture.read("pooled")];
  // float32 against float32, sums in another order.
  expect(Math.max(...expected.map((value, index) => Math.abs(value - actual[index]!)))).toBeLessThan(1e-5);
  encoder.dispose();
  await exportRun(run, "timm-vit", join(folder, "again.safetensors"));
  expect(await contents(join(folder, "again.safetensors"))).toEqual(await contents(pth));
});

test("an imported Prithvi, whose six bands are those of Landsat, is scored on a scene", async () => {
  const source = join(folder, "prithvi.safetensors");
  await writeFile(source, await publish("prithvi"));
  const run = join(folder, "run-prithvi");
  const bands = landsat7Schema.map((channel) => ({ ...channel, mean: 80, std: 40 }));
  const data = { kind: "scene", weakLabels: {}, stride: 32 };
  const config = importConfig.parse({
    ...{ numHeads: 4, imageSize: [8, 12], toImageSize: [16, 16], data },
    channels: bands,
  });
  const { adapted } = await importRun(source, "prithvi", run, config);
  expect([...adapted.values()]).toEqual(["the first of 3 frames, 2 × 3 to 4 × 4"]);
  const stored = await readRunConfig(z.looseObject({ model: z.looseObject({}), channels: z.array(z.unknown()) }), run);
  expect(stored.model).toMatchObject({
    kind: "vit",
    imageSize: [16, 16],
    embedDim: 16,
    normEpsilon: 1e-5,
    pool: "cls",
  });
  expect(stored.channels).toEqual(bands);
  const { run: settings } = await openPretrainedRun(run);
  const evaluation = evaluateConfig.parse({
    ...{ data: settings.data, numWorkers: 0, compare: ["random"] },
    backend: { name: "cpu" },
  });
  const { evaluations } = await evaluateEncoder("knn", run, evaluation);
  expect(evaluations.map(({ features, numEval }) => [features, numEval > 10])).toEqual([
    ["pretrained", true],
    ["random", true],
  ]);
});

test("an imported SatMAE, whose channels are in groups, is scored and exported with the same bytes", async () => {
  const source = join(folder, "satmae.safetensors");
  await writeFile(source, await publish("satmae"));
  const run = join(folder, "run-satmae");
  const channelGroups = [
    [0, 2, 4],
    [3, 1],
  ];
  const weakLabels = { green: "band2", red: "band3", nir: "band4", swir1: "band5" };
  const data = { kind: "scene", weakLabels, stride: 32, bands: [0, 1, 2, 3, 4] };
  const settings = { numHeads: 4, imageSize: [8, 12], channelGroups, channels: channels(5), data };
  await importRun(source, "satmae", run, importConfig.parse({ ...settings, toImageSize: [16, 16] }));
  const { run: stored } = await openPretrainedRun(run);
  expect(stored.model).toMatchObject({ kind: "vit", channelGroups: { channels: channelGroups, embedDim: 4 } });
  const { evaluations } = await evaluateEncoder(
    "knn",
    run,
    evaluateConfig.parse({ data: stored.data, numWorkers: 0, backend: { name: "cpu" } }),
  );
  expect(evaluations[0]?.numEval).toBeGreaterThan(10);
  const same = join(folder, "run-satmae-same");
  await importRun(source, "satmae", same, importConfig.parse(settings));
  const out = join(folder, "satmae-out.safetensors");
  await exportRun(same, "satmae", out);
  expect(await contents(out)).toEqual(await contents(source));
  await expect(exportRun(same, "timm-vit", out)).rejects.toThrow(/got .*patch_embed\.groups\.1\.proj\.weight/);
});

test("a masked autoencoder keeps its decoder, and its encoder alone goes out to timm", async () => {
  const source = join(folder, "mae.safetensors");
  await writeFile(source, await publish("mae-3-channels"));
  const settings = importConfig.parse({ numHeads: 2, decoderNumHeads: 3, imageSize: [8, 12] });
  const run = join(folder, "run-mae");
  await importRun(source, "mae", run, settings);
  const out = join(folder, "mae-out.safetensors");
  await exportRun(run, "mae", out);
  expect(await contents(out)).toEqual(await contents(source));
  await expect(exportRun(run, "timm-vit", out)).rejects.toThrow(/got mask_token, decoder_pos_embed|decoder_embed/);
  await exportRun(run, "timm-vit", out, ["decoder_**", "mask_token"]);
  const { run: stored, checkpoint } = await openPretrainedRun(run);
  expect(stored.model).toMatchObject({ kind: "mae", decoderEmbedDim: 12, decoderMlpDim: 24, normEpsilon: 1e-6 });
  expect(checkpoint.state.schema.map(({ name }) => name)).toEqual(["red", "green", "blue"]);
  expect(checkpoint.state.schema[0]!.mean).toBeCloseTo(255 * 0.485);
});

test("what is left open is asked for", async () => {
  const pth = fileURLToPath(new URL("vit-cls.pth", fixtures));
  const fail = (settings: object) =>
    importRun(
      pth,
      "timm-vit",
      join(folder, "none"),
      importConfig.parse({ numHeads: 4, imageSize: [8, 12], ...settings }),
    ).then(
      () => "no error",
      (error: Error) => error.message,
    );
  expect([
    await fail({}),
    await fail({ normalization: "half" }),
    await fail({ channels: channels(2), adaptChannels: "wavelength" }),
    await fail({ channels: channels(5), key: "ema" }).then((message) => message.slice(message.indexOf(": expected"))),
    await openWeights(folder).then(
      () => "",
      (error: Error) => error.message.replace(folder, "FOLDER"),
    ),
  ]).toMatchInlineSnapshot(`
    [
      "normalization: expected imagenet, half, prithvi-1, prithvi-2, fmow-rgb, fmow-sentinel, or channels with mean and std, got none. Weights of this family differ in it; see where they were published.",
      "channels: expected one for each of the weights' 5 channels, got 3. Describe them in 'channels', or set adaptChannels.",
      "adaptChannels: expected fromWavelengthsNm and a wavelengthNm for each channel, got fewer. Set them, or adapt by 'repeat' or 'average'.",
      ": expected a dictionary of tensors 'ema', got model. Name one of them as the key.",
      "FOLDER: expected a file of weights, or a folder with model.safetensors.index.json, model.safetensors, pytorch_model.bin, got none of them.",
    ]
  `);
  expect(await fail({ normalization: "prithvi-2", adaptChannels: "average" })).toBe("no error");
  const { checkpoint } = await openPretrainedRun(join(folder, "none"));
  expect(checkpoint.state.schema.at(-1)).toEqual({ name: "swir2", mean: 1363, std: 1049 });
});

test("the command line imports and exports", async () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", main, ...args]);
  const pth = fileURLToPath(new URL("vit-cls.pth", fixtures));
  const out = join(folder, "run-cli");
  const imported = await run(
    ...["import", pth, "numHeads=4", "imageSize=[8,12]", "adaptChannels=repeat", "normalization=imagenet"],
    ...["--as", "timm-vit", "--out", out],
  );
  expect(imported.stdout).toContain("adapted patch_embed.proj.weight: 5 channels to 3 by repeat\n32 tensors: ");
  const exported = await run("export", out, "--as", "hf-vit", "--out", join(folder, "cli.safetensors"));
  expect(exported.stdout).toMatch(/cli\.safetensors: .*, sha256 [0-9a-f]{64}\n$/);
});
