import { setTimeout } from "node:timers/promises";
import type { WindowModel } from "../src/index.js";

/** A model of windows of 16 by 16 that needs no backend: how bright a window's first channel is, as three probabilities. */
export function makeBrightnessModel(delayMs = 0): WindowModel {
  return {
    hash: "brightness-1",
    imageSize: [16, 16],
    schema: ["red", "green", "blue"].map((name) => ({ name, mean: 100, std: 50 })),
    meaning: { kind: "classes", activation: "softmax", classNames: ["dark", "medium & so on", "bright"] },
    isDense: false,
    async windowScores(images) {
      if (delayMs > 0) await setTimeout(delayMs);
      const size = 3 * 256;
      const scores = new Float32Array((images.length / size) * 3);
      for (let window = 0; window < images.length / size; window++) {
        const plane = images.subarray(window * size, window * size + 256);
        const mean = plane.reduce((sum, value) => sum + value, 0) / 256;
        const bright = 1 / (1 + Math.exp(-2 * mean));
        scores.set([(1 - bright) ** 2, 2 * bright * (1 - bright), bright ** 2], window * 3);
      }
      return { scores, height: 1, width: 1 };
    },
    dispose() {},
  };
}
