import {
  facebookMae,
  huggingFaceVit,
  huggingFaceVitMae,
  prithviVit,
  timmVit,
  type WeightFamily,
} from "@graticule/models";

interface Normalization {
  /** The channels' names. */
  readonly names: readonly string[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** What the data's numbers are for 1. */
  readonly scale: number;
}

const rgb = { names: ["red", "green", "blue"], scale: 255 } as const;
const hls = { names: ["blue", "green", "red", "nir", "swir1", "swir2"], scale: 1 } as const;

/**
 * Channels that weights are published for, with their mean and std: 8-bit colors, or HLS surface reflectance times 10,000.
 *
 * Source: timm/data/constants.py, IMAGENET_DEFAULT and IMAGENET_INCEPTION; IBM/terratorch, models/backbones/prithvi_vit.py.
 */
export const normalizations = {
  imagenet: { ...rgb, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { ...rgb, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  "prithvi-1": { ...hls, mean: [775, 1081, 1229, 2497, 2204, 1611], std: [1282, 1270, 1399, 1368, 1292, 1155] },
  "prithvi-2": { ...hls, mean: [1087, 1342, 1433, 2734, 1958, 1363], std: [2248, 2179, 2178, 1850, 1242, 1049] },
} as const satisfies Readonly<Record<string, Normalization>>;

/** A family that `--as` names. */
export interface NamedFamily {
  readonly family: WeightFamily;
  /** What its weights were trained with; undefined where that differs from file to file, so that it has to be told. */
  readonly normalization?: keyof typeof normalizations;
}

/** Source of the normalizations: facebookresearch/mae, main_pretrain.py; transformers, image_processing_vit.py. */
export const namedFamilies = {
  "timm-vit": { family: timmVit },
  mae: { family: facebookMae, normalization: "imagenet" },
  "hf-vit": { family: huggingFaceVit, normalization: "half" },
  "hf-vit-mae": { family: huggingFaceVitMae, normalization: "imagenet" },
  prithvi: { family: prithviVit },
} as const satisfies Readonly<Record<string, NamedFamily>>;

export type FamilyName = keyof typeof namedFamilies;

export const familyNames = Object.keys(namedFamilies) as FamilyName[];
