import { valueAndGrad } from "@graticule/autodiff";
import { applyRecompute } from "@graticule/nn";
import { softmaxCrossEntropy } from "@graticule/ops";
import { concat, memory, reshape, type Scalar, slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { CausalLanguageModel, DecoderCache, decoderConfig, llama, mapWeights, unmapWeights } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose, type Fixture, openFixture } from "../fixture.js";

// float32 against float32, sums in another order.
const TOLERANCE = 1e-5;

type DecoderFixture = Fixture<{ config: unknown }>;

async function openModel(name: string): Promise<{ fixture: DecoderFixture; model: CausalLanguageModel }> {
  const fixture = await openFixture<{ config: unknown }>(name);
  const model = new CausalLanguageModel(decoderConfig(fixture.metadata.config));
  await model.loadStateDict(fixture.weights);
  return { fixture, model };
}

async function rowsOf(fixture: DecoderFixture, name: string): Promise<Float32Array[]> {
  const values = await fixture.values(name);
  return [values.slice(0, values.length / 2), values.slice(values.length / 2)];
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test.each(["minicpm3", "minicpm3-tied", "llama", "llama-tied", "mistral"])(
      "%s gives transformers' logits",
      async (name) => {
        const { fixture, model } = await openModel(name);
        for (const text of ["short", "long"]) {
          const rows = await rowsOf(fixture, `${text}.ids`);
          const before = memory().numTensors;
          const logits = model.forward(rows);
          expect(memory().numTensors).toBeLessThanOrEqual(before + 1 + model.namedParameters().length);
          await expectClose(logits, await fixture.values(`${text}.logits`), TOLERANCE);
          logits.dispose();
        }
        model.dispose();
      },
    );

    test.each(["minicpm3", "llama"])(
      "%s: padding on either side changes nothing for the tokens beside it",
      async (name) => {
        const { fixture, model } = await openModel(name);
        const logits = model.forward(await rowsOf(fixture, "padded.ids"), {
          seen: await rowsOf(fixture, "padded.seen"),
        });
        const [count, width] = logits.shape.slice(1) as [number, number];
        const expected = await fixture.values("padded.logits");
        // Row 0 is padded by 3 tokens on the left, row 1 by 2 on the right.
        await expectClose(slice(logits, [0, 3, 0], [1, 4, -1]), expected.slice(3 * width, count * width), TOLERANCE);
        const right = expected.slice(count * width, (count + 5) * width);
        await expectClose(slice(logits, [1, 0, 0], [1, 5, -1]), right, TOLERANCE);
        const [, row] = (await rowsOf(fixture, "padded.ids")) as [Float32Array, Float32Array];
        await expectClose(model.forward([row.slice(0, 5)]), right, TOLERANCE);
        model.dispose();
      },
    );

    test.each(["minicpm3", "llama", "mistral"])(
      "%s: a cache gives what transformers' gives, in one tensor per layer",
      async (name) => {
        const { fixture, model } = await openModel(name);
        const rows = await rowsOf(fixture, "long.ids");
        const before = memory().numTensors;
        const cache = new DecoderCache();
        const steps = [
          [0, 5],
          [5, 7],
          [7, 8],
        ].map(
          ([from, to]): Tensor =>
            model.forward(
              rows.map((row) => row.slice(from, to)),
              { cache },
            ),
        );
        expect(cache.length).toBe(8);
        expect(memory().numTensors - before).toBe(steps.length + model.model.layers.length);
        await expectClose(concat(steps, 1), await fixture.values("cached.logits"), TOLERANCE);
        cache.dispose();
        expect(cache.length).toBe(0);
        model.dispose();
      },
    );

    test.each(["llama", "llama-tied", "mistral"])(
      "%s goes on with a text, token by token, as transformers does",
      async (name) => {
        const { fixture, model } = await openModel(name);
        const [row] = (await rowsOf(fixture, "long.ids")) as [Float32Array, Float32Array];
        const cache = new DecoderCache();
        const tokens: number[] = [];
        for (let next: ArrayLike<number> = row; tokens.length < 8; next = tokens.slice(-1)) {
          const scores = tidy(() => model.nextLogits(model.model.forward([next], { cache })).dataSync());
          tokens.push(scores.indexOf(Math.max(...scores)));
        }
        expect(tokens).toEqual([...(await fixture.values("generated"))]);
        cache.dispose();
        model.dispose();
      },
    );

    test.each([
      ["minicpm3", false],
      ["minicpm3-tied", false],
      ["minicpm3", true],
      ["llama", false],
      ["llama", true],
    ])("%s has transformers' loss and gradients, with recompute: %s", async (name, isRecomputed) => {
      const { fixture, model } = await openModel(name);
      if (isRecomputed) applyRecompute(model, "model.layers.*");
      const rows = await rowsOf(fixture, "long.ids");
      const names = fixture.names("gradient.");
      const parameters = new Map(model.namedParameters());
      const held = names.map((path) => parameters.get(path)!.variable);
      const seen = rows.map(() => new Uint8Array(12).fill(1));
      const loss = (): Scalar =>
        tidy(() => {
          const [vocabSize, length] = [40, rows[0]!.length];
          const states = model.forward(rows, isRecomputed ? { seen } : {});
          const logits = slice(states, [0, 0, 0], [-1, length - 1, -1]);
          const labels = Int32Array.from(rows.flatMap((row) => [...row.slice(1)]));
          return softmaxCrossEntropy(reshape(logits, [-1, vocabSize]), labels);
        });
      const { value, gradients } = valueAndGrad(loss, held);
      await expectClose(value, await fixture.values("loss"), TOLERANCE);
      for (const [index, path] of names.entries())
        await expectClose(gradients[index]!, await fixture.values(`gradient.${path}`), TOLERANCE);
      model.dispose();
    });
  });

test("a text beyond the context, or a mask that fits other tokens, is refused", async () => {
  const { fixture, model } = await openModel("minicpm3-tied");
  const rows = await rowsOf(fixture, "short.ids");
  const tooLong = [Array.from({ length: 25 }, () => 3)];
  expect(() => model.forward(tooLong)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: Decoder: expected at most 24 tokens, got 25. Shorten the text or the images.]`,
  );
  expect(() => model.forward(rows, { seen: [[1, 1], [1]] })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Decoder: expected seen [2, 7], with the tokens of the cache, got [2, 2 or 1].]`,
  );
  model.dispose();
});

test.each(["llama", "llama-tied", "mistral"])("%s's file is loaded by name and exported bit for bit", async (name) => {
  const { metadata, weights } = await openFixture<{ config: unknown }>(name);
  const mapped = mapWeights(weights, llama);
  expect(mapped.unmapped).toEqual([]);
  const model = new CausalLanguageModel(decoderConfig(metadata.config));
  await model.loadStateDict(mapped);
  const parameters = new Map(model.namedParameters());
  const read = async (path: string) => (await parameters.get(path)!.variable.data()) as Float32Array;
  const exported = unmapWeights({ tensors: mapped.tensors, read }, llama);
  expect([...exported.tensors.keys()].sort()).toEqual([...weights.tensors.keys()].sort());
  for (const tensor of weights.tensors.keys()) expect(await exported.read(tensor)).toEqual(await weights.read(tensor));
  model.dispose();
});
