import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { imageTextFlops } from "@graticule/models";
import { ourSide } from "../harness/sides.js";
import { fm9gConfig } from "../ours/fm9g-config.js";
import { writeCheckpoint } from "../ours/write-checkpoint.js";

export interface MultimodalBenchOptions {
  readonly folder: string;
  readonly layers: number;
  readonly blocks: number;
  readonly limit: number;
  readonly trainLayers: number;
  readonly trainBlocks: number;
  readonly loraRank: number;
  readonly imageSide: number;
  readonly text: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly steps: number;
}

/**
 * The 4B image-text model at its published width, with random weights in bfloat16 in a folder of the disk: loaded whole and
 * within a limit, layers streamed, a forward pass each; then steps of LoRA on few layers, without and with recompute.
 */
export async function* benchMultimodal(options: MultimodalBenchOptions): AsyncGenerator<Record<string, unknown>> {
  const {
    layers,
    blocks,
    limit,
    trainLayers,
    trainBlocks,
    loraRank,
    imageSide,
    text: textTokens,
    dtype,
    threads,
    steps,
  } = options;
  const common = { imageSide, textTokens, dtype, threads };
  async function* withCheckpoint(
    sizes: { readonly layers: number; readonly blocks: number },
    runs: readonly (readonly [run: string, settings: object])[],
  ): AsyncGenerator<Record<string, unknown>> {
    const folder = mkdtempSync(join(options.folder, "multimodal-"));
    try {
      const config = fm9gConfig(sizes);
      const bytes = await writeCheckpoint(folder, config);
      const [batch, images, patches] = [1, 1, (imageSide / config.vision.patchSize) ** 2];
      const tokens = textTokens + config.resampler.numQueries;
      const { total } = imageTextFlops(config, { batch, tokens, images, patches, scoredTokens: 8 });
      for (const [run, own] of runs) {
        const measured = await ourSide("multimodal", { folder, ...common, ...sizes, ...own }).run();
        const gflops = { forwardTflop: total / 1e12 };
        yield {
          bench: "multimodal",
          run,
          ...sizes,
          ...common,
          checkpointGib: bytes / 2 ** 30,
          ...gflops,
          ...measured,
        };
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  if (layers > 0)
    yield* withCheckpoint({ layers, blocks }, [
      ["streamed", { limitGib: limit, steps: 1 }],
      ["whole", { steps: 1 }],
    ]);
  if (trainLayers > 0)
    yield* withCheckpoint({ layers: trainLayers, blocks: trainBlocks }, [
      ["lora", { loraRank, steps }],
      ["lora recompute", { loraRank, steps, recompute: true }],
    ]);
}
