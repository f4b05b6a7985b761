import { loaderConfig, loopConfig, loopMayChange, optimizerConfig } from "@graticule/train";
import { z } from "zod";
import { backendConfig } from "../backend-config.js";
import { dataConfig } from "../data-config.js";
import { channelVitModelConfig } from "../hyperspectral-model-config.js";
import { parallelConfig, parallelMayChange } from "../ranks/parallel-config.js";
import { vitModelConfig } from "../vit-model-config.js";
import { taskConfig } from "./tasks/task-config.js";

const count = z.int().min(1);

/** Which part of a classifier is trained. The head always is. */
const tuneConfig = z.strictObject({
  /** `full`: everything; `last-blocks`: the last ones and the norm behind them; `linear`: the head alone; `lora`: a low-rank update of some layers. */
  method: z.enum(["full", "last-blocks", "linear", "lora"]).default("full"),
  /** Blocks that `last-blocks` trains. */
  lastBlocks: count.default(1),
  /** What `lora` adds. Its update of `qkv`, one layer, is one of rank `rank` for queries, keys and values together. */
  lora: z
    .strictObject({
      rank: count.default(8),
      /** The update counts alpha / rank times, or with `rsLora` alpha / √rank times. */
      alpha: z.number().gt(0).default(16),
      dropout: z.number().min(0).lt(1).default(0.1),
      /** Path patterns of linear layers; `blocks.*.attn.qkv.{q,v}` for queries and values alone, each of rank `rank`. */
      targets: z.array(z.string()).min(1).default(["blocks.*.attn.qkv"]),
      rsLora: z.boolean().default(false),
      /** Learns length and direction of the weights' rows apart. */
      dora: z.boolean().default(false),
    })
    .prefault({}),
});

/**
 * Learning rates at a batch of 256, unless one is given: `full` and `last-blocks` that of MAE's fine-tuning code for a base
 * model, `lora` 1e-4 at a batch of 32; `linear` is a choice of ours.
 */
const BASE_LEARNING_RATES = { full: 5e-4, "last-blocks": 5e-4, linear: 1e-2, lora: 8e-4 } as const;

/** Everything that decides a fine-tuning run; data and model are those of the run that it starts from unless given. */
export const finetuneConfig = z.strictObject({
  /** Decides the head's first values, crops, what is dropped, and the order. */
  seed: z.int().min(0).default(0),
  backend: backendConfig.prefault({}),
  parallel: parallelConfig.prefault({}),
  /** Folder of the run, pretrained or imported, whose encoder is tuned. */
  from: z.string(),
  data: dataConfig,
  loader: loaderConfig
    .extend({
      /** What to do with a file that cannot be read. */
      onCorrupt: z.enum(["skip", "fail"]).default("skip"),
      /** Draws all classes of an epoch equally often instead of every image once; for images in class folders. */
      balanceClasses: z.boolean().default(false),
    })
    .prefault({}),
  augment: z
    .strictObject({
      /** Area of a random crop that is resized to the model's imageSize, as a share of the image; [1, 1] only resizes. */
      cropScale: z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]).default([0.5, 1]),
      interpolation: z.enum(["bilinear", "bicubic"]).default("bicubic"),
      horizontalFlip: z.boolean().default(true),
      /** Images from above have no upside down. */
      verticalFlip: z.boolean().default(true),
      /** Share of the images of which a rectangle becomes noise (random erasing). 0.25 in MAE's fine-tuning. */
      erasing: z.number().min(0).max(1).default(0),
      /** α of mixup and of cutmix, by which images and their targets are mixed with others; 0 for none. 0.8 and 1 there. */
      mixup: z.number().min(0).default(0),
      cutmix: z.number().min(0).default(0),
    })
    .prefault({}),
  model: z.discriminatedUnion("kind", [
    vitModelConfig.omit({ numClasses: true }),
    channelVitModelConfig.omit({ numClasses: true }),
  ]),
  /** What is told of an image; its class when absent. */
  task: taskConfig.optional(),
  tune: tuneConfig.prefault({}),
  /** Share of the images of which the last block drops a branch; less before it (stochastic depth). */
  dropPathRate: z.number().min(0).lt(1).default(0),
  /** Of classification; other tasks have their own, `task.loss`. */
  loss: z
    .strictObject({
      kind: z.enum(["cross-entropy", "focal"]).default("cross-entropy"),
      /** Of the focal loss: γ, how much less counts what is right already, and α, a factor of all. Source: Lin et al. 2017. */
      focal: z.strictObject({ gamma: z.number().min(0).default(2), alpha: z.number().gt(0).default(1) }).prefault({}),
      /** Part of the target that is shared out among all classes. */
      labelSmoothing: z.number().min(0).lt(1).default(0),
      /** How much each class counts: `balanced` is images ÷ (classes · images of the class); by name, others count 1. */
      classWeights: z.union([z.enum(["none", "balanced"]), z.record(z.string(), z.number().min(0))]).default("none"),
    })
    .prefault({}),
  optimizer: optimizerConfig
    .extend({
      betas: z.tuple([z.number(), z.number()]).default([0.9, 0.999]),
      /** Each layer learns this much slower than the one behind it, the head at the full rate. Source: MAE's fine-tuning. */
      layerDecay: z.number().gt(0).max(1).default(1),
      /** Learning rate at a batch of 256, scaled by globalBatchSize / 256; the method's own when absent. */
      baseLearningRate: z.number().gt(0).optional(),
    })
    .prefault({}),
  train: loopConfig
    .extend({
      epochs: count.default(20),
      /** Epochs between two validations. */
      validateEveryEpochs: count.default(1),
      /** What the best weights are the best in, on the images of the validation, e.g. macroF1 or loss; the task's usual score when absent. */
      monitor: z.string().optional(),
      /** How many of the best weights are kept in `best/`. */
      keepBest: count.default(1),
      /** Ends the run when it hasn't been better for so many epochs; never when absent. */
      patienceEpochs: count.optional(),
      /** Validates and keeps a moving average of the weights with this decay, e.g. 0.999; none when absent. */
      averageDecay: z.number().gt(0).lt(1).optional(),
    })
    .prefault({}),
});

export type FinetuneConfig = z.infer<typeof finetuneConfig>;

/** Settings that may differ when a run is resumed. */
export const finetuneMayChange = ["from", "train.patienceEpochs", ...parallelMayChange, ...loopMayChange];

/** Learning rate at the end of the warm-up, for this run's batches. */
export function learningRateOf({ optimizer, train, tune }: FinetuneConfig): number {
  const base = optimizer.baseLearningRate ?? BASE_LEARNING_RATES[tune.method];
  return (base * train.microBatchSize * train.gradAccumSteps) / 256;
}
