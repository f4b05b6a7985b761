import { valueAndGrad } from "@graticule/autodiff";
import { latitudeWeightedMeanSquaredError, latitudeWeights } from "@graticule/ops";
import { beforeAll, describe, expect, test } from "vitest";
import { ChannelVit, type ChannelVitConfig, channelVitConfig } from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose, openFixture } from "../fixture.js";

interface Metadata {
  readonly config: Omit<ChannelVitConfig, "channelTree">;
  readonly leadTimeHours: readonly number[];
  readonly latitudes: readonly number[];
  readonly loss: number;
}

// float32 against float32, sums in another order; the reference makes every channel's token, key and value.
const TOLERANCE = 1e-5;

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("prediction, latitude-weighted loss and gradients are those of a ClimaX in PyTorch", async () => {
      const fixture = await openFixture<Metadata>("climax");
      const { config, leadTimeHours, latitudes, loss } = fixture.metadata;
      const model = new ChannelVit(channelVitConfig("climax", config));
      await model.loadStateDict(fixture.weights);
      const [images, targets] = [await fixture.tensor("images"), await fixture.tensor("targets")];
      await expectClose(model.forward(images, { leadTimeHours }), await fixture.values("prediction"), TOLERANCE);

      const parameters = model.namedParameters();
      const weights = latitudeWeights(latitudes);
      const { value, gradients } = valueAndGrad(
        () => latitudeWeightedMeanSquaredError(model.forward(images, { leadTimeHours }), targets, weights),
        parameters.map(([, { variable }]) => variable),
      );
      await expectClose(value, Float32Array.of(loss), TOLERANCE);
      const watched = fixture.names("grad.");
      expect(watched.length).toBe(13);
      for (const path of watched) {
        const gradient = gradients[parameters.findIndex(([other]) => other === path)]!;
        await expectClose(gradient, await fixture.values(`grad.${path}`), TOLERANCE);
      }
      value.dispose();
      for (const gradient of gradients) gradient?.dispose();
      model.dispose();
    });
  });
