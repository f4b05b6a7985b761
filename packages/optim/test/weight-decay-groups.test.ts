import { expect, it } from "vitest";
import { type OptimizedParameter, weightDecayGroups } from "../src/index.js";

/** Fails if the grouping makes storage. */
const parameter = (shape: number[], trainable = true): OptimizedParameter => ({
  shape,
  trainable,
  get variable(): never {
    throw new Error("the variable is not needed");
  },
});

it("decays matrices and tokens, neither biases nor norms, and leaves fixed parameters out", () => {
  const model = {
    namedParameters: () =>
      [
        ["cls_token", parameter([1, 1, 8])],
        ["pos_embed", parameter([1, 5, 8], false)],
        ["patch_embed.proj.weight", parameter([8, 3, 4, 4])],
        ["patch_embed.proj.bias", parameter([8])],
        ["blocks.0.norm1.weight", parameter([8])],
        ["blocks.0.attn.relative.bias", parameter([2, 9])],
        ["blocks.0.mlp.fc1.weight", parameter([32, 8])],
      ] as const,
  };
  const groups = weightDecayGroups(model, 0.05);
  expect(groups.map(({ weightDecay }) => weightDecay)).toEqual([0.05, 0]);
  expect(groups.map(({ parameters }) => Array.from(parameters, ([path]) => path))).toEqual([
    ["cls_token", "patch_embed.proj.weight", "blocks.0.mlp.fc1.weight"],
    ["patch_embed.proj.bias", "blocks.0.norm1.weight", "blocks.0.attn.relative.bias"],
  ]);
});
