import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { maeConfig, maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
import { makeAdamW, makeLossScaler, weightDecayGroups } from "@graticule/optim";
import { isAddonBuilt } from "@graticule/tfjs-backend-torch";
import { openBackend, train } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { makeTemporaryFolder } from "./fixtures/temporary-folder.js";
import { captureStream, makeTinyLoader } from "./fixtures/tiny-run.js";

const config = maeConfig("tiny", {
  imageSize: [12, 16],
  patchSize: 4,
  inChannels: 2,
  embedDim: 32,
  depth: 2,
  numHeads: 4,
  mlpDim: 64,
  decoderEmbedDim: 16,
  decoderDepth: 1,
  decoderNumHeads: 2,
  decoderMlpDim: 32,
});

it.skipIf(!isAddonBuilt()).each(["fp32", "bf16", "fp16"] as const)(
  "resumes a masked autoencoder on LibTorch in %s to the same bytes, with bytes flat",
  async (precision) => {
    const { memory } = await openBackend({ name: "torch", device: "cpu", precision, threads: 1 });
    const loader = await makeTinyLoader({
      transforms: [{ kind: "resize", size: [12, 16], interpolation: "bilinear" }],
    });

    async function trainWithStops(stops: readonly number[]): Promise<Buffer> {
      const runFolder = await makeTemporaryFolder();
      let checkpoint = "";
      for (const stop of [...stops, undefined]) {
        const model = makeMae(config, { seed: 1 });
        const optimizer = makeAdamW({ groups: weightDecayGroups(model, 0.05) });
        const held: string[] = [];
        const result = await train({
          runFolder,
          model,
          optimizer,
          loader,
          loss: ({ images, shape, indices }, { epoch, step }) => {
            if (step === stop) process.emit("SIGTERM", "SIGTERM");
            const mask = makeMaeMask({ seed: 1, epoch, indices, numTokens: numPatches(config), maskRatio: 0.75 });
            return maeLoss(model, tf.tensor4d(images, [...shape]), mask, { normPix: true });
          },
          learningRate: (step) => {
            held.push(`${tf.memory().numTensors} tensors, ${memory?.().liveBytes} bytes before step ${step}`);
            return 1e-3;
          },
          seed: 1,
          totalSteps: 12,
          gradAccumSteps: 2,
          clipNorm: 1,
          config: {},
          ...(precision === "fp16" && { lossScaler: makeLossScaler({ initialScale: 2 ** 10, growthInterval: 3 }) }),
          resume: true,
          saveEverySteps: 5,
          keepCheckpoints: 2,
          logEverySteps: 5,
          progressStream: captureStream(),
        });
        // Moments come with the first step of a new run, or are loaded.
        expect(new Set(held.slice(1).map((line) => line.replace(/ before.*/, ""))).size).toBe(1);
        model.dispose();
        optimizer.dispose();
        checkpoint = result.checkpoint;
      }
      return readFile(join(checkpoint, "model.safetensors"));
    }

    const straight = await trainWithStops([]);
    expect((await trainWithStops([2, 7])).equals(straight)).toBe(true);
  },
);
