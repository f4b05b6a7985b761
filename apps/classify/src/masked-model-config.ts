import { z } from "zod";
import { hyperspectralModelConfig } from "./hyperspectral-model-config.js";
import { maeModelConfig } from "./mae-model-config.js";

/** The masked autoencoders that a run may pretrain. */
export const maskedModelConfig = z.discriminatedUnion("kind", [maeModelConfig, hyperspectralModelConfig]);

export type MaskedModelConfig = z.infer<typeof maskedModelConfig>;
