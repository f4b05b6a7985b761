import { valueAndGrad } from "@graticule/autodiff";
import { mean, square, type Tensor } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { UperNetHead } from "../../src/heads/uper-net-head.js";
import { backends } from "../backends.js";
import { expectClose, openFixture } from "../fixture.js";

describe.each(backends)("the UPerNet head on $name", ({ name, skip, use }) => {
  // tfjs's WASM backend lacks max pooling's gradient.
  test.skipIf(skip)(
    `equals PyTorch's convolutions, with its gradients${name === "wasm" ? " left out" : ""}`,
    async () => {
      await use();
      const fixture = await openFixture<{ width: number }>("uper-net");
      const maps = await Promise.all([0, 1, 2, 3].map((level) => fixture.tensor(`maps.${level}`)));
      const expected = await fixture.values("outputs");
      const head = new UperNetHead(maps[0]?.shape[3] as number, fixture.metadata.width, 3);
      await head.loadStateDict(fixture.weights);
      const outputs: Tensor = head.forward(maps, [12, 20]);
      await expectClose(outputs, expected, 1e-5); // rounding of float32 sums in another order
      if (name === "wasm") return;
      const parameters = head.namedParameters();
      const { gradients } = valueAndGrad(
        () => mean(square(head.forward(maps, [12, 20]))),
        parameters.map(([, { variable }]) => variable),
      );
      for (const [index, [path]] of parameters.entries()) {
        // The bias of a transposed convolution stands in four rows of the layer: their sum is its gradient.
        if (/pyramid.*proj\.bias$/.test(path)) continue;
        await expectClose(gradients[index] as Tensor, await fixture.values(`gradient.${path}`), 1e-5);
      }
      expect(parameters.length).toBeGreaterThan(20);
    },
  );
});
