import { compilePathPattern, MismatchError } from "@graticule/core";
import type { SafetensorsDtype, TensorFile } from "@graticule/nn";
import { Classifier } from "../classifier/classifier.js";
import { Mae } from "../mae/mae.js";
import { patchGrid, prefixTokens } from "../vit/config.js";
import { Vit } from "../vit/vit.js";
import { adaptChannels, adaptedChannels, type ChannelAdaption } from "./adapt-channels.js";
import { type InferredConfig, inferConfig, type KnownShape } from "./infer-config.js";
import { mapWeights } from "./map-weights.js";
import { resamplePositions } from "./resample-positions.js";
import type { WeightFamily } from "./weight-rule.js";

/** What to make of published weights. */
export interface ImportOptions extends Partial<Omit<KnownShape, "hasFrames">> {
  /** What the names of the file begin with, such as `module.`, and the family's don't. */
  readonly prefix?: string;
  /** Patterns of tensors to leave out, in the file's names; each has to match. */
  readonly skip?: readonly string[];
  /** [H, W] in pixels that the model is to see; positions are interpolated to it. That of the weights unless given. */
  readonly toImageSize?: readonly [number, number];
  /** Other channels for the patch projection. */
  readonly channels?: ChannelAdaption;
}

/** A model with published weights, and what it takes to give them back. */
export interface ImportedWeights {
  readonly model: Vit | Mae;
  /** Which of the family's namings the file has. */
  readonly variant: number;
  /** The type that the file stores each of our tensors in. */
  readonly dtypes: ReadonlyMap<string, SafetensorsDtype>;
  /** Tensors of ours that are not as the file has them, each with what was done. */
  readonly adapted: ReadonlyMap<string, string>;
  /** Names of the file that were left out. */
  readonly skipped: readonly string[];
}

/**
 * Builds the ViT, classifier or masked autoencoder that published weights are of and loads them, one tensor at a time. All
 * tensors of file and model have to find each other, but for those in `skip`.
 *
 * @throws {MismatchError} that lists every unexpected, missing and mismatched tensor, or says what has to be told.
 * @throws {RangeError} if a pattern in `skip` matches nothing.
 */
export async function importWeights(
  file: TensorFile,
  family: WeightFamily,
  options: ImportOptions = {},
): Promise<ImportedWeights> {
  const { kept, skipped } = leaveOut(file, options.skip ?? [], options.prefix ?? "");
  const mapped = mapWeights(kept, family);
  const { variants: _, ...known } = family;
  const inferred = inferConfig(mapped, { ...known, ...options });
  const adapted = new Map<string, string>();
  const source = adaptWeights(mapped, inferred, options, adapted);
  const { channels, toImageSize } = options;
  const config = {
    ...inferred.config,
    ...(channels && { inChannels: adaptedChannels(channels) }),
    ...(toImageSize && { imageSize: toImageSize }),
  };
  const model = makeModel(config);
  await model.loadStateDict(source);
  const dtypes = new Map(Array.from(mapped.tensors, ([name, { dtype }]) => [name, dtype]));
  return { model, variant: mapped.variant, dtypes, adapted, skipped };
}

function makeModel(config: InferredConfig["config"]): Vit | Mae {
  if ("decoderEmbedDim" in config) return new Mae(config);
  const { numClasses } = config;
  return numClasses === undefined ? new Vit(config) : new Classifier({ ...config, numClasses });
}

function leaveOut(
  file: TensorFile,
  patterns: readonly string[],
  prefix: string,
): { kept: TensorFile; skipped: string[] } {
  const names = [...file.tensors.keys()];
  const skipped = new Set(patterns.flatMap((pattern) => selectNames(pattern, names)));
  const kept = [...file.tensors].filter(([name]) => !skipped.has(name));
  const others = kept.filter(([name]) => !name.startsWith(prefix)).map(([name]) => name);
  if (others.length > 0)
    throw new MismatchError(
      "importWeights",
      `names that begin with '${prefix}'`,
      others.join(", "),
      "Skip the others.",
    );
  const tensors = new Map(kept.map(([name, entry]) => [name.slice(prefix.length), entry]));
  return { kept: { tensors, read: (name) => file.read(`${prefix}${name}`) }, skipped: [...skipped] };
}

function selectNames(pattern: string, names: readonly string[]): string[] {
  const selected = names.filter(compilePathPattern(pattern));
  if (selected.length > 0) return selected;
  throw new RangeError(
    `importWeights: expected skip '${pattern}' to match a tensor of the file, got none. Names look like '${names[0] ?? ""}'.`,
  );
}

/** The same tensors with positions and patch projection as another image size and other channels need them. */
function adaptWeights(
  mapped: TensorFile,
  { config, numFrames }: InferredConfig,
  { channels, toImageSize }: ImportOptions,
  adapted: Map<string, string>,
): TensorFile {
  const tensors = new Map(mapped.tensors);
  const readers = new Map<string, () => Promise<Float32Array>>();
  const prefix = "decoderEmbedDim" in config ? 1 : prefixTokens(config);
  const [from, to] = [patchGrid(config), patchGrid({ ...config, imageSize: toImageSize ?? config.imageSize })];
  for (const name of ["pos_embed", "decoder_pos_embed"]) {
    const { shape, dtype } = tensors.get(name) ?? {};
    if (!shape || !dtype || (numFrames === 1 && `${from}` === `${to}`)) continue;
    const embedDim = shape[2] as number;
    tensors.set(name, { shape: [1, prefix + to[0] * to[1], embedDim], dtype });
    adapted.set(
      name,
      `${numFrames > 1 ? `the first of ${numFrames} frames, ` : ""}${from.join(" × ")} to ${to.join(" × ")}`,
    );
    readers.set(name, async () => {
      const values = (await mapped.read(name)).subarray(0, (prefix + from[0] * from[1]) * embedDim);
      return resamplePositions(values, { embedDim, from, to, prefixTokens: prefix });
    });
  }
  const projection = "patch_embed.proj.weight";
  if (channels) {
    checkAdaptable(config);
    const { shape, dtype } = tensors.get(projection)!;
    const count = adaptedChannels(channels);
    tensors.set(projection, { shape: [shape[0]!, count, shape[2]!, shape[3]!], dtype });
    adapted.set(projection, `${shape[1]} channels to ${count} by ${channels.method}`);
    readers.set(projection, async () => adaptChannels(await mapped.read(projection), shape, channels).values);
  }
  return { tensors, read: (name) => readers.get(name)?.() ?? mapped.read(name) };
}

function checkAdaptable(config: InferredConfig["config"]): void {
  if ("decoderEmbedDim" in config)
    throw new MismatchError(
      "importWeights",
      "an encoder alone where channels change",
      "a decoder, which predicts the old ones",
      "Skip the decoder's tensors and the mask token.",
    );
  if (config.channelGroups)
    throw new MismatchError(
      "importWeights",
      "one patch projection where channels change",
      `one for each of ${config.channelGroups.channels.length} groups`,
      "Feed it the bands that it was trained on.",
    );
}
