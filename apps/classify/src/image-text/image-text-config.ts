import { loaderConfig, loopConfig, loopMayChange, optimizerConfig } from "@graticule/train";
import { z } from "zod";
import { backendConfig } from "../backend-config.js";
import { dataConfig } from "../data-config.js";

const count = z.int().min(1);

/** What is asked about an image; the answer is the name of its class. */
export const defaultQuestions = [
  "What does this image show?",
  "Which class of land use is this?",
  "Name the scene in this image.",
] as const;

/** How images and questions are put to a model. */
export const questionConfig = {
  image: z
    .strictObject({
      /** [H, W] in pixels that images are resized to. */
      size: z.tuple([count, count]).default([448, 448]),
      /** Slices at most beside the overview, each of the area of 448 × 448 pixels; 0 shows the image as it is. */
      maxSlices: z.int().min(0).default(0),
    })
    .prefault({}),
  /** One is drawn for each image and epoch; the first is asked in validation. */
  questions: z
    .array(z.string().min(1))
    .min(1)
    .default([...defaultQuestions]),
  /** `answer`: the model writes the name of the class; `classes`: a head on the last token scores all classes. */
  head: z.enum(["answer", "classes"]).default("answer"),
};

/** Linear layers of MiniCPM3's decoder. */
const DECODER_LAYERS = [
  "llm.model.layers.*.self_attn.{q_a_proj,q_b_proj,kv_a_proj_with_mqa,kv_b_proj,o_proj}",
  "llm.model.layers.*.mlp.{gate_proj,up_proj,down_proj}",
];

/** AdamW's learning rates unless one is given. Source: the published study on a 4B model, full and LoRA. */
const LEARNING_RATES = { full: 2e-5, lora: 1e-4 } as const;

/** Everything that decides the fine-tuning of an image-text model. */
export const imageTextFinetuneConfig = z.strictObject({
  /** Decides adapters' first values, questions, flips, what is dropped, and the order. */
  seed: z.int().min(0).default(0),
  backend: backendConfig.prefault({}),
  /** Folder of the model: `config.json`, tokenizer files and weights, or a run that was fine-tuned. */
  from: z.string(),
  data: dataConfig,
  loader: loaderConfig.extend({ onCorrupt: z.enum(["skip", "fail"]).default("skip") }).prefault({}),
  ...questionConfig,
  augment: z
    .strictObject({
      /** Area of a random crop that is resized to the image's size, as a share of the image; [1, 1] only resizes. */
      cropScale: z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]).default([1, 1]),
      horizontalFlip: z.boolean().default(true),
      verticalFlip: z.boolean().default(true),
    })
    .prefault({}),
  tune: z
    .strictObject({
      /** `full`: everything, in float32; `lora`: a low-rank update of some layers, above weights as the file stores them. */
      method: z.enum(["full", "lora"]).default("lora"),
      lora: z
        .strictObject({
          rank: count.default(8),
          /** The update counts alpha / rank times. */
          alpha: z.number().gt(0).default(16),
          dropout: z.number().min(0).lt(1).default(0.1),
          /** Path patterns of linear layers; all of the decoder's unless given. */
          targets: z.array(z.string()).min(1).default(DECODER_LAYERS),
        })
        .prefault({}),
    })
    .prefault({}),
  /** Bytes that weights may take while they are loaded; as many as there are when absent. */
  memoryLimit: z.number().gt(0).optional(),
  optimizer: optimizerConfig
    .extend({
      /** After the warm-up; 2e-5 for `full` and 1e-4 for `lora` when absent. */
      learningRate: z.number().gt(0).optional(),
      weightDecay: z.number().min(0).default(0.01),
      warmupFraction: z.number().min(0).lt(1).default(0.01),
      clipNorm: z.number().gt(0).optional().default(1),
    })
    .prefault({}),
  train: loopConfig
    .extend({
      epochs: count.default(10),
      microBatchSize: count.default(8),
      /** Epochs between two validations. */
      validateEveryEpochs: count.default(1),
      /** How many of the best weights are kept in `best/`. */
      keepBest: count.default(1),
    })
    .prefault({}),
});

export type ImageTextFinetuneConfig = z.infer<typeof imageTextFinetuneConfig>;

/** Settings that may differ when a run is resumed. */
export const imageTextMayChange = ["from", "memoryLimit", ...loopMayChange];

export const learningRateOf = ({ optimizer, tune }: ImageTextFinetuneConfig): number =>
  optimizer.learningRate ?? LEARNING_RATES[tune.method];
