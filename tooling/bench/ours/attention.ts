import { selfAttention } from "@graticule/ops";
import { grad, ones, randomNormal, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { inComputeDtype, openTorch, readSettings, report, secondsPerCall } from "./child.js";

/** Our side of `bench attention`: from joined q, k, v to joined heads, and back to the gradient of q, k, v. */
const settings = readSettings<{
  dtype: "fp32" | "bf16";
  threads: number;
  batch: number;
  width: number;
  numHeads: number;
  tokens: readonly number[];
}>();
await openTorch(settings);

const { batch, width, numHeads } = settings;
const results: Record<string, { milliseconds: number; gflops: number }> = {};
for (const tokens of settings.tokens) {
  const qkv = stored([batch, tokens, 3 * width]);
  const dy = stored([batch, tokens, width]);
  const attend = (x: Tensor): Tensor => selfAttention(x, numHeads);
  const backward = grad(attend);
  const flops = 4 * batch * tokens * tokens * width;
  add(`forward, ${tokens} tokens`, flops, () => attend(qkv).dispose());
  // The backward pass multiplies five times where the forward pass does twice.
  add(`forward and backward, ${tokens} tokens`, 3.5 * flops, () => backward(qkv, dy).dispose());
  qkv.dispose();
  dy.dispose();
}
report(results);

function add(name: string, flops: number, call: () => void): void {
  const seconds = secondsPerCall(call);
  results[name] = { milliseconds: seconds * 1000, gflops: flops / seconds / 1e9 };
}

function stored(shape: [number, number, number]): Tensor {
  return tidy(() => inComputeDtype(randomNormal(shape), ones([shape[2]]), zeros([shape[2]])));
}
