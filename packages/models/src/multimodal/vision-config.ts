import { expectation } from "@graticule/core";
import { checkDivides, checkPositive } from "../vit/config.js";

/** Shape of a vision tower for images of any size. */
export interface VisionConfig {
  /** Pixels along a side of the square image that learned positions divide. */
  readonly imageSide: number;
  /** P, pixels. */
  readonly patchSize: number;
  /** C. */
  readonly inChannels: number;
  /** D. */
  readonly embedDim: number;
  /** Number of blocks. */
  readonly depth: number;
  readonly numHeads: number;
  /** Width inside the blocks' MLP. */
  readonly mlpDim: number;
  /** Of all LayerNorms. */
  readonly normEpsilon: number;
}

/** @throws {RangeError} if the configuration is not a model that can be built; returns a frozen copy otherwise. */
export function checkVisionConfig(config: VisionConfig): VisionConfig {
  const where = "visionConfig";
  const lengths = ["imageSide", "patchSize", "inChannels", "embedDim", "depth", "numHeads", "mlpDim"] as const;
  for (const field of lengths) checkPositive(where, field, config[field]);
  if (!(config.normEpsilon > 0))
    throw new RangeError(expectation(where, "normEpsilon above 0", `${config.normEpsilon}`));
  checkDivides(where, "patchSize", config.patchSize, "imageSide", config.imageSide);
  checkDivides(where, "numHeads", config.numHeads, "embedDim", config.embedDim);
  return Object.freeze({ ...config });
}
