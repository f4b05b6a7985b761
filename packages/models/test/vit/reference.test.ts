import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Classifier, type ClassifierConfig, poolTokens, Vit } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose, openFixture } from "../fixture.js";

// float32 against float32, sums in another order.
const TOLERANCE = 1e-5;

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test.each(["vit-cls", "vit-mean"])(
      "%s: tokens, features and logits equal timm's on the same weights",
      async (name) => {
        const fixture = await openFixture<{ config: ClassifierConfig }>(name);
        const model = new Classifier(fixture.metadata.config);
        await model.loadStateDict(fixture.weights);
        const images = await fixture.tensor("images");
        const before = memory().numTensors;
        const tokens = model.forwardFeatures(images);
        expect(memory().numTensors).toBe(before + 1);
        await expectClose(tokens, await fixture.values("forward_features"), TOLERANCE);
        await expectClose(model.features(images), await fixture.values("pooled"), TOLERANCE);
        await expectClose(model.forward(images), await fixture.values("logits"), TOLERANCE);
        model.dispose();
      },
    );

    test("a ViT without a head gives the same features", async () => {
      const fixture = await openFixture<{ config: ClassifierConfig }>("vit-cls");
      const { numClasses: _, ...config } = fixture.metadata.config;
      const model = new Vit(config);
      const report = await model.loadStateDict(fixture.weights, { strict: false });
      expect(report).toEqual({ missing: [], unexpected: ["head.bias", "head.weight"] });
      const images = await fixture.tensor("images");
      await expectClose(model.forward(images), await fixture.values("pooled"), TOLERANCE);
      await expectClose(poolTokens(model.forwardFeatures(images), "cls"), await fixture.values("pooled"), TOLERANCE);
      model.dispose();
    });
  });
