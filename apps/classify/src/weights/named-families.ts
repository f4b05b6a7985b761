import {
  facebookMae,
  huggingFaceVit,
  huggingFaceVitMae,
  prithviVit,
  satMae,
  siglipVision,
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
/** SatMAE's ten bands of fMoW-Sentinel: all thirteen but B1, B9 and B10. */
const sentinel2 = {
  names: ["B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12"],
  mean: [
    1184.3824625, 1120.77120066, 1136.26026392, 1263.73947144, 1645.40315151, 1846.87040806, 1762.59530783,
    1972.62420416, 1732.16362238, 1247.91870117,
  ],
  std: [
    650.2842772, 712.12507725, 965.23119807, 948.9819932, 1108.06650639, 1258.36394548, 1233.1492281, 1364.38688993,
    1310.36996126, 1087.6020813,
  ],
} as const;

/**
 * Channels that weights are published for, with their mean and std: 8-bit colors, HLS surface reflectance times
 * 10,000, or Sentinel-2's as fMoW-Sentinel has it. SatMAE brings two standard deviations on either side of the mean to 0 to 1,
 * where it then clips and rounds to 8 bits, as is not done here.
 *
 * Source: timm/data/constants.py, IMAGENET_DEFAULT and IMAGENET_INCEPTION; IBM/terratorch, models/backbones/prithvi_vit.py;
 * sustainlab-group/SatMAE, util/datasets.py, SentinelNormalize and CustomDatasetFromImages.
 */
export const normalizations = {
  imagenet: { ...rgb, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  half: { ...rgb, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  "prithvi-1": { ...hls, mean: [775, 1081, 1229, 2497, 2204, 1611], std: [1282, 1270, 1399, 1368, 1292, 1155] },
  "prithvi-2": { ...hls, mean: [1087, 1342, 1433, 2734, 1958, 1363], std: [2248, 2179, 2178, 1850, 1242, 1049] },
  "fmow-rgb": {
    ...rgb,
    mean: [0.4182007312774658, 0.4214799106121063, 0.3991275727748871],
    std: [0.28774282336235046, 0.27541765570640564, 0.2764017581939697],
  },
  "fmow-sentinel": {
    ...{ names: sentinel2.names, scale: 1 },
    mean: sentinel2.mean.map((mean, band) => mean - 2 * (sentinel2.std[band] as number)),
    std: sentinel2.std.map((std) => 4 * std),
  },
} as const satisfies Readonly<Record<string, Normalization>>;

/** A family that `--as` names. */
export interface NamedFamily {
  readonly family: WeightFamily;
  /** What its weights were trained with; undefined where that differs from file to file, so that it has to be told. */
  readonly normalization?: keyof typeof normalizations;
}

/** Source of the normalizations: facebookresearch/mae, main_pretrain.py; transformers, image_processing_vit.py, image_processing_siglip.py. */
export const namedFamilies = {
  "timm-vit": { family: timmVit },
  mae: { family: facebookMae, normalization: "imagenet" },
  "hf-vit": { family: huggingFaceVit, normalization: "half" },
  "hf-vit-mae": { family: huggingFaceVitMae, normalization: "imagenet" },
  prithvi: { family: prithviVit },
  satmae: { family: satMae, normalization: "fmow-sentinel" },
  siglip: { family: siglipVision, normalization: "half" },
} as const satisfies Readonly<Record<string, NamedFamily>>;

export type FamilyName = keyof typeof namedFamilies;

export const familyNames = Object.keys(namedFamilies) as FamilyName[];
