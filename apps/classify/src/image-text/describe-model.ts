import { formatBytes, selectPaths } from "@graticule/core";
import {
  defaultSlices,
  type ImageTextConfig,
  type ImageTextFlops,
  ImageTextModel,
  type ImageTextParameters,
  imageTextFlops,
  imageTextMemory,
  imageTextParameters,
  imageTextStepFlops,
  sliceSizes,
  type TrainingMemory,
} from "@graticule/models";
import { formatTable } from "../command-line.js";
import { imageTextFinetuneConfig } from "./image-text-config.js";

/** What is described: rows of one image and a text each. */
export interface DescribeOptions {
  readonly batch: number;
  /** [H, W] in pixels. */
  readonly imageSize: readonly [number, number];
  /** Tokens of question and marks, and of the answer. */
  readonly textTokens: number;
  readonly answerTokens: number;
  readonly loraRank: number;
  /** Processes that share the state of full fine-tuning. */
  readonly ranks: number;
}

/** One way to train, with the operations of a step and the memory of a process. */
export interface TrainingCost {
  readonly way: string;
  readonly trained: number;
  readonly stepFlops: number;
  readonly memory: TrainingMemory;
}

export interface ImageTextDescription {
  readonly parameters: ImageTextParameters;
  /** Of a row: text, answer, and 64 or so for the overview and each slice. */
  readonly tokens: number;
  readonly forwardFlops: ImageTextFlops;
  readonly training: readonly TrainingCost[];
}

/** Parameters, operations and memory of a model, from its configuration alone. */
export function describeImageText(config: ImageTextConfig, options: DescribeOptions): ImageTextDescription {
  const { batch, imageSize, textTokens, answerTokens, loraRank, ranks } = options;
  const { patchSize } = config.vision;
  const { overview, sliced } = sliceSizes(imageSize, { ...defaultSlices, patchSize });
  const parts = 1 + (sliced ? sliced.grid[0] * sliced.grid[1] : 0);
  const patchesOf = ([height, width]: readonly [number, number]): number => (height / patchSize) * (width / patchSize);
  const slicePatches = sliced ? patchesOf(sliced.size) / (parts - 1) : 0;
  const tokens = textTokens + answerTokens + parts * config.resampler.numQueries;
  const work = {
    ...{ batch, tokens, images: batch * parts, patches: Math.max(patchesOf(overview), slicePatches) },
    scoredTokens: batch * answerTokens,
  };
  const parameters = imageTextParameters(config);
  const loraValues = countLora(config, loraRank);
  const cost = (way: string, method: "full" | "lora", recompute: boolean, sharing: number): TrainingCost => {
    const share = { loraValues: method === "lora" ? loraValues : undefined, recompute };
    const memory = imageTextMemory(config, work, { ...share, precision: "bf16", ranks: sharing });
    return {
      way,
      trained: share.loraValues ?? parameters.total,
      stepFlops: imageTextStepFlops(config, work, share),
      memory,
    };
  };
  return {
    parameters,
    tokens,
    forwardFlops: imageTextFlops(config, work),
    training: [
      cost("full", "full", false, 1),
      cost("full, recompute", "full", true, 1),
      cost(`full, recompute, ZeRO-3 on ${ranks}`, "full", true, ranks),
      cost(`LoRA rank ${loraRank}`, "lora", false, 1),
      cost(`LoRA rank ${loraRank}, recompute`, "lora", true, 1),
    ],
  };
}

/** Values of a low-rank update of all linear layers of the decoder. */
function countLora(config: ImageTextConfig, loraRank: number): number {
  const { targets } = imageTextFinetuneConfig.shape.tune.parse({}).lora;
  const weights = new Map(new ImageTextModel(config).namedParameters());
  const paths = targets.flatMap((target) => selectPaths(`${target}.weight`, weights.keys()));
  return paths.reduce((sum, path) => {
    const [outFeatures, inFeatures] = weights.get(path)!.globalShape as [number, number];
    return sum + loraRank * (outFeatures + inFeatures);
  }, 0);
}

/** The description as tables for people. */
export function formatDescription({ parameters, tokens, forwardFlops, training }: ImageTextDescription): string {
  const billions = (value: number): string => `${(value / 1e9).toFixed(3)} B`;
  const tera = (value: number): string => `${(value / 1e12).toFixed(2)} TFLOP`;
  const { vision, resampler, decoder, head, total } = forwardFlops;
  const parts = formatTable(
    ["part", "parameters", "forward"],
    [
      ["vision tower", billions(parameters.vision), tera(vision)],
      ["resampler", billions(parameters.resampler), tera(resampler)],
      ["decoder", billions(parameters.decoder), tera(decoder.weights + decoder.attention + head)],
      ["total", billions(parameters.total), tera(total)],
    ],
  );
  const ways = formatTable(
    ["training in bf16", "trained", "step", "weights", "gradients", "optimizer", "activations", "total"],
    training.map(({ way, trained, stepFlops, memory }) => [
      way,
      trained < 1e9 ? `${(trained / 1e6).toFixed(1)} M` : billions(trained),
      tera(stepFlops),
      ...[memory.weights, memory.gradients, memory.optimizer, memory.activations, memory.total].map(formatBytes),
    ]),
  );
  return `${parts}\n\n${tokens} tokens a row\n\n${ways}`;
}
