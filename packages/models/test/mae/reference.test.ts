import { valueAndGrad } from "@graticule/autodiff";
import { applyRecompute } from "@graticule/nn";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Mae, type MaeConfig, maeLoss, maskFromShuffles } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose, openFixture } from "../fixture.js";

interface Metadata {
  readonly config: MaeConfig;
  readonly numKept: number;
  readonly loss: number;
  readonly lossNormPix: number;
  readonly gradNormPix: boolean;
}

// float32 against float32, sums in another order: observed errors stay below 2e-6 of the largest value.
const TOLERANCE = 1e-5;

async function openMae(name: string) {
  const fixture = await openFixture<Metadata>(name);
  const { config, numKept } = fixture.metadata;
  const model = new Mae(config);
  await model.loadStateDict(fixture.weights);
  const images = await fixture.tensor("images");
  const flat = Int32Array.from(await fixture.values("shuffle"));
  const numTokens = flat.length / 2;
  const mask = maskFromShuffles([flat.subarray(0, numTokens), flat.subarray(numTokens)], numKept);
  return { fixture, model, images, mask };
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    describe.each(["mae-3-channels", "mae-2-channels"])("%s of the PyTorch reference", (name) => {
      test("the mask, encoding and prediction are equal", async () => {
        const { fixture, model, images, mask } = await openMae(name);
        expect([...mask.mask]).toEqual([...(await fixture.values("mask"))]);
        const { prediction, latent } = model.forward(images, mask);
        await expectClose(latent, await fixture.values("latent"), TOLERANCE);
        await expectClose(prediction, await fixture.values("prediction"), TOLERANCE);
        model.dispose();
      });

      test("the loss is equal with and without normalized pixels", async () => {
        const { fixture, model, images, mask } = await openMae(name);
        const { loss, lossNormPix } = fixture.metadata;
        await expectClose(maeLoss(model, images, mask, { normPix: true }), Float32Array.of(lossNormPix), TOLERANCE);
        await expectClose(maeLoss(model, images, mask, { normPix: false }), Float32Array.of(loss), TOLERANCE);
        model.dispose();
      });

      test.each([false, true])(
        "the gradients are equal, and no tensor stays behind (recompute: %s)",
        async (isRecomputed) => {
          const { fixture, model, images, mask } = await openMae(name);
          if (isRecomputed) applyRecompute(applyRecompute(model, "blocks.*"), "decoder_blocks.*");
          const normPix = fixture.metadata.gradNormPix;
          const trained = model.namedParameters().filter(([, parameter]) => parameter.trainable);
          const before = memory().numTensors;
          const { value, gradients } = valueAndGrad(
            () => maeLoss(model, images, mask, { normPix }),
            trained.map(([, parameter]) => parameter.variable),
          );
          expect(memory().numTensors - before).toBe(1 + trained.length);
          const watched = fixture.names("grad.");
          expect(watched.length).toBe(9);
          for (const path of watched) {
            const gradient = gradients[trained.findIndex(([other]) => other === path)]!;
            await expectClose(gradient, await fixture.values(`grad.${path}`), TOLERANCE);
          }
          value.dispose();
          for (const gradient of gradients) gradient?.dispose();
          model.dispose();
        },
      );
    });
  });
