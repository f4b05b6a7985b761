import { z } from "zod";
import { channelVitModelConfig, hyperspectralModelConfig } from "./hyperspectral-model-config.js";
import { maeModelConfig } from "./mae-model-config.js";
import { vitModelConfig } from "./vit-model-config.js";

/** The models that a run folder may hold an encoder of: pretrained here or imported. */
export const encoderModelConfig = z.discriminatedUnion("kind", [
  maeModelConfig,
  hyperspectralModelConfig,
  channelVitModelConfig,
  vitModelConfig,
]);
