import { expect, test } from "vitest";
import { vitLayerDecay } from "../../src/index.js";

test("layers learn the slower the nearer they are to the image, as in MAE's fine-tuning", () => {
  const scaleOf = vitLayerDecay(12, 0.5);
  expect(["patch_embed.proj.weight", "cls_token", "pos_embed"].map(scaleOf)).toEqual(Array(3).fill(0.5 ** 13));
  expect(scaleOf("blocks.0.norm1.weight")).toBe(0.5 ** 12);
  expect(scaleOf("blocks.11.attn.qkv.adapter.default.lora_a")).toBe(0.5);
  expect(["fc_norm.weight", "norm.bias", "head.weight"].map(scaleOf)).toEqual([1, 1, 1]);
  expect(() => vitLayerDecay(12, 0)).toThrow("vitLayerDecay: expected a decay above 0 and at most 1, got 0.");
});
