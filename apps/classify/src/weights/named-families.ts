import {
  facebookMae,
  huggingFaceVit,
  huggingFaceVitMae,
  prithviVit,
  timmVit,
  type WeightFamily,
} from "@graticule/models";

/** Mean and std of red, green and blue in 0 to 1. */
export const normalizations = {
  /** Source: timm/data/constants.py, IMAGENET_DEFAULT_MEAN and IMAGENET_DEFAULT_STD. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** Source: timm/data/constants.py, IMAGENET_INCEPTION_MEAN and IMAGENET_INCEPTION_STD. */
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const;

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
