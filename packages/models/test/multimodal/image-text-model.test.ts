import { memory, type Scalar, slice, square, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  ForConditionalGeneration,
  ForSequenceClassification,
  type ImageTextConfig,
  type ImageTextInputs,
  imagePlaces,
  imageTextConfig,
  imageTextWeights,
  mapWeights,
  unmapWeights,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { expectClose, type Fixture, openFixture } from "../fixture.js";

// float32 against float32, sums in another order.
const TOLERANCE = 1e-5;

interface Opened {
  readonly fixture: Fixture<{ config: unknown }>;
  readonly config: ImageTextConfig;
  readonly inputs: ImageTextInputs;
}

async function open(): Promise<Opened> {
  const fixture = await openFixture<{ config: unknown }>("image-text");
  const published = imageTextConfig(fixture.metadata.config);
  const config = { ...published, resampler: { ...published.resampler, numHeads: 4 } };
  const split = (values: Float32Array) => [values.slice(0, 20), values.slice(20)];
  const rows = split(await fixture.values("rows"));
  const images: Tensor[] = [];
  for (const index of [0, 1, 2]) images.push(await fixture.tensor(`image.${index}`));
  const seen = split(await fixture.values("seen"));
  return { fixture, config, inputs: { rows, images, places: imagePlaces(rows, [3, 4]), seen } };
}

async function openGenerator(): Promise<Opened & { readonly model: ForConditionalGeneration }> {
  const opened = await open();
  const model = new ForConditionalGeneration(opened.config);
  const { missing, unexpected } = await model.loadStateDict(mapWeights(opened.fixture.weights, imageTextWeights), {
    strict: false,
  });
  expect({ missing, unexpected }).toEqual({ missing: [], unexpected: ["score.weight"] });
  return { ...opened, model };
}

async function read(tokens: AsyncIterable<number>): Promise<number[]> {
  const all = [];
  for await (const token of tokens) all.push(token);
  return all;
}

/** The first row alone. */
const firstRow = ({ rows, images, places }: ImageTextInputs): ImageTextInputs => ({
  rows: rows.slice(0, 1),
  images: images!.slice(0, 2),
  places: places!.slice(0, 2),
});

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("images of different sizes in texts give the reference's logits", async () => {
      const { fixture, inputs, model } = await openGenerator();
      expect(inputs.places).toEqual([
        { row: 0, start: 2 },
        { row: 0, start: 10 },
        { row: 1, start: 5 },
      ]);
      const logits = slice(model.forward(inputs), [0, 0, 0], [-1, 17, -1]);
      await expectClose(logits, await fixture.values("logits"), TOLERANCE);
      model.dispose();
    });

    test("the likeliest tokens are transformers', one at a time, and nothing is left in memory", async () => {
      const { fixture, inputs, model } = await openGenerator();
      const expected = [...(await fixture.values("generated"))];
      model.forward(inputs).dispose(); // parameters take storage at their first use
      const before = memory().numTensors;
      const options = { maxNewTokens: 4, stopTokens: [] };
      expect(await read(model.generate(firstRow(inputs), options))).toEqual(expected);
      for await (const token of model.generate(firstRow(inputs), options)) {
        expect(token).toBe(expected[0]);
        break;
      }
      const stopped = model.generate(firstRow(inputs), { ...options, stopTokens: [expected[2]!] });
      const end = expected.indexOf(expected[2]!);
      expect(await read(stopped)).toEqual(expected.slice(0, end));
      expect(memory().numTensors).toBe(before);
      model.dispose();
    });

    test("classes are scored at the last token that is not padding", async () => {
      const { fixture, config, inputs } = await open();
      const model = new ForSequenceClassification({ ...config, numClasses: 5 });
      const { missing, unexpected } = await model.loadStateDict(mapWeights(fixture.weights, imageTextWeights), {
        strict: false,
      });
      expect({ missing, unexpected }).toEqual({ missing: [], unexpected: ["llm.lm_head.weight"] });
      await expectClose(model.forward(inputs), await fixture.values("classes"), TOLERANCE);
      model.dispose();
    });
  });

describe("on cpu alone", () => {
  beforeAll(async () => backends[0]!.use());

  test("drawn tokens depend on the seed alone, and with a small topP are the likeliest", async () => {
    const { fixture, inputs, model } = await openGenerator();
    const options = { maxNewTokens: 4, stopTokens: [] };
    const draw = (seed: number, topP: number, temperature: number) =>
      read(model.generate(firstRow(inputs), { ...options, sampling: { seed, topP, temperature } }));
    expect(await draw(1, 0.9, 20)).toEqual(await draw(1, 0.9, 20));
    expect(await draw(1, 0.9, 20)).not.toEqual(await draw(2, 0.9, 20));
    expect(await draw(1, 1e-9, 20)).toEqual([...(await fixture.values("generated"))]);
    await expect(draw(1, 0, 1)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: generate: expected topP above 0 to 1, got 0.]`,
    );
    model.dispose();
  });

  test("the gradient of the classes reaches every part, by finite differences", async () => {
    const { fixture, config, inputs } = await open();
    const model = new ForSequenceClassification({ ...config, numClasses: 5 });
    await model.loadStateDict(mapWeights(fixture.weights, imageTextWeights), { strict: false });
    // Embeddings are scaled by 12, so that a step of theirs is twelve.
    model.llm.model.embedTokens.weight.setTrainable(false);
    checkSlopes(model, () => tidy(() => sum(square(model.forward(inputs))) as Scalar), 2e-2);
    model.dispose();
  });

  test("published names go in and out bit for bit", async () => {
    const { fixture } = await open();
    const mapped = mapWeights(fixture.weights, imageTextWeights);
    expect(mapped.unmapped).toEqual([]);
    const back = unmapWeights(mapped, imageTextWeights);
    expect([...back.tensors.keys()].sort()).toEqual([...fixture.weights.tensors.keys()].sort());
    for (const name of back.tensors.keys()) expect(await back.read(name)).toEqual(await fixture.weights.read(name));
  });

  test("a text without room for its images is refused", async () => {
    const { inputs, model } = await openGenerator();
    const places = [...inputs.places!.slice(0, 2), { row: 1, start: 15 }];
    expect(() => model.embed({ ...inputs, places })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: ImageTextModel.embed: expected room for 6 tokens in 2 rows of 20, got row 1, token 15. Repeat the token between an image's marks as often.]`,
    );
    expect(() => model.embed({ ...inputs, places: [] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: ImageTextModel.embed: expected 3 places for images, got 0.]`,
    );
    model.dispose();
  });
});
