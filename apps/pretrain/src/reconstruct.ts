import { datasetSpec, openPretrainedRun } from "@graticule/classify";
import { makeRandom } from "@graticule/core";
import {
  applyTransforms,
  assertSameChannels,
  type ChannelSchema,
  openDataset,
  type TransformSpec,
} from "@graticule/data";
import type { ReconstructedImage } from "@graticule/plot";
import { loadCheckpoint, openBackend } from "@graticule/train";
import { type BandErrors, makeBandErrorCollector } from "./band-errors.js";
import { fillIn } from "./fill-in.js";
import { makeMaskedModel } from "./masked-model.js";
import { chosenSpectra, hiddenPixel, type PixelSpectrum, spectrumAt } from "./pixel-spectra.js";
import type { PretrainConfig } from "./pretrain-config.js";
import { findHeldOut } from "./pretraining-data.js";
import { HELD_OUT_SEED } from "./validation-loss.js";

/** Held-out images with what the model made of their hidden parts, in the data's own units. */
export interface Reconstructions {
  readonly images: readonly ReconstructedImage[];
  /** `[C, H, W]` of each picture. */
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly schema: ChannelSchema;
  /** Of cubes alone. */
  readonly spectra: readonly PixelSpectrum[];
  /** Of cubes alone. */
  readonly bandErrors?: BandErrors;
}

/** Spectra drawn where the configuration names no pixels. */
const SPECTRA = 4;

/**
 * Hides parts of held-out images and fills them in with a run's model; of cubes also spectra of hidden pixels and the
 * error of each band over many crops. Training images stand in where nothing is held out.
 *
 * @throws {MismatchError} if the data's channels are not those that the model was trained on.
 */
export async function reconstruct(runFolder: string, config: PretrainConfig): Promise<Reconstructions> {
  await openBackend(config.backend);
  const { checkpoint } = await openPretrainedRun(runFolder);
  const { schema } = checkpoint.state;
  const model = makeMaskedModel(config.model, schema, config.seed);
  await loadCheckpoint(checkpoint, { model: model.module });

  const dataset = await openDataset((await findHeldOut(config, ["test", "val"])) ?? datasetSpec(config.data, "train"));
  assertSameChannels(schema, dataset.schema);
  const isCubes = config.data.kind === "cubes";
  const { reconstructions, errorCrops, pixels } = config.report;
  const order = makeRandom(config.seed, "reconstruct").permutation(dataset.length);
  const errors = makeBandErrorCollector(schema);
  const images: ReconstructedImage[] = [];
  const spectra: PixelSpectrum[] = [];
  const resize: TransformSpec[] = [{ kind: "resize", size: model.imageSize, interpolation: "bicubic" }];
  for (const index of order.subarray(0, Math.max(reconstructions, isCubes ? errorCrops : 0))) {
    const sample = await dataset.read(index);
    const { pixels: input } = applyTransforms(sample, resize, { random: makeRandom(0), schema });
    const image = await fillIn(model, schema, input, { seed: HELD_OUT_SEED, epoch: 0, indices: [index] });
    if (images.length < reconstructions) images.push({ ...image, label: sample.id });
    if (!isCubes) continue;
    errors.add(image);
    if (pixels === undefined && spectra.length < SPECTRA) {
      const place = hiddenPixel(model, image, schema.length, index);
      const label = `${sample.id}, row ${place[0]}, column ${place[1]} of the crop`;
      spectra.push({ label, ...spectrumAt(image, model.imageSize, place) });
    }
  }
  spectra.push(...(await chosenSpectra(model, schema, config)));
  await dataset.close?.();
  model.module.dispose();
  return {
    images,
    shape: [schema.length, ...model.imageSize],
    schema,
    spectra,
    ...(isCubes && { bandErrors: errors.result() }),
  };
}
