import { z } from "zod";
import { backendConfig } from "./backend-config.js";
import { dataConfig } from "./data-config.js";

/** Everything that decides an evaluation of frozen features; the data is the pretraining run's unless given. */
export const evaluateConfig = z.strictObject({
  /** Decides the random-init encoder, the validation split and the bootstrap. */
  seed: z.int().min(0).default(0),
  /** Always fp32: the probe's optimizer needs finer products than bf16 gives. */
  backend: backendConfig.omit({ precision: true }).prefault({}),
  data: dataConfig,
  /** Split that scores are computed on; the classifier sees `train` alone. */
  evalSplit: z.enum(["val", "test"]).default("test"),
  /** `cls`: the class token, as in MAE's probe; `mean`: the mean of the patch tokens, better for small models. */
  pool: z.enum(["cls", "mean"]).default("mean"),
  /** Baselines beside the pretrained encoder. */
  compare: z.array(z.enum(["random", "pixels"])).default([]),
  batchSize: z.int().min(1).default(64),
  numWorkers: z.int().min(0).default(1),
  probe: z
    .strictObject({
      /** `lbfgs`: logistic regression to its optimum; `sgd`: MAE's recipe with LARS. */
      method: z.enum(["lbfgs", "sgd"]).default("lbfgs"),
    })
    .prefault({}),
  knn: z
    .strictObject({
      /** Neighbours that vote; fewer where the train split is smaller. */
      k: z.int().min(1).default(20),
      temperature: z.number().gt(0).default(0.07),
    })
    .prefault({}),
});

export type EvaluateConfig = z.infer<typeof evaluateConfig>;
