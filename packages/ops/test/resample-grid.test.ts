import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { averageToGrid, resizeBilinear } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";

/** 0, 1, 4 / 9, 16, 25 */
const squares = (): tf.Tensor => tf.tensor4d([0, 1, 4, 9, 16, 25], [1, 2, 3, 1]);

describeOnBackends("resizeBilinear and averageToGrid", () => {
  it("give what PyTorch's interpolate and adaptive_avg_pool2d give", () => {
    const enlarged = [0, 0.4, 1, 2.8, 4, 4.5, 6.1, 8.5, 12.1, 14.5, 9, 11.8, 16, 21.4, 25];
    expectClose(numbers(resizeBilinear(squares(), [3, 5])), enlarged, 1e-6);
    expectClose(numbers(resizeBilinear(squares(), [1, 2])), [5.5, 13], 1e-6);
    expectClose(numbers(averageToGrid(squares(), [1, 2])), [6.5, 11.5], 1e-6);
    expectClose(numbers(averageToGrid(squares(), [3, 3])), [0, 1, 4, 4.5, 8.5, 14.5, 9, 16, 25], 1e-6);
    expectClose(numbers(resizeBilinear(squares(), [2, 3])), [0, 1, 4, 9, 16, 25], 0);
  });

  it("have the gradient of finite differences", () => {
    checkGradient((x) => resizeBilinear(x as tf.Tensor, [5, 2]), [normalInput([2, 2, 3, 2], 1)]);
    checkGradient((x) => averageToGrid(x as tf.Tensor, [3, 2]), [normalInput([2, 4, 5, 2], 2)]);
  });

  it("want maps and whole sizes", () => {
    expect(() => resizeBilinear(tf.zeros([2, 3]), [2, 2])).toThrow(/resizeBilinear: expected maps of shape/);
    expect(() => averageToGrid(squares(), [0, 2])).toThrow(/averageToGrid: expected a size of whole pixels/);
  });
});
