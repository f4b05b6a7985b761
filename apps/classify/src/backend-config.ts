import { z } from "zod";

/** Where tensors live and how products are computed. */
export const backendConfig = z.strictObject({
  /** `auto`: torch where its addon is built, else wasm. */
  name: z.enum(["auto", "torch", "tensorflow", "wasm", "cpu"]).default("auto"),
  /** Device of the torch backend: `cpu`, `cuda`, `cuda:1`, `mps`. */
  device: z.string().default("cpu"),
  /** `bf16` computes matrix products and attention in bfloat16; `fp16` stores their results so, and scales losses (torch backend only). */
  precision: z.enum(["fp32", "bf16", "fp16"]).default("fp32"),
  /** Threads for kernels; 0 = all cores. */
  threads: z.int().min(0).default(0),
});

export type BackendConfig = z.infer<typeof backendConfig>;
