import type { RunSettings } from "@graticule/classify";
import { pretrainConfig } from "./pretrain-config.js";

/** What runs of this program start from. */
export const runSettings: RunSettings<typeof pretrainConfig> = {
  schema: pretrainConfig,
  presets: {
    // Both src/ and dist/ lie one level below the app's folder.
    folder: new URL("../presets/", import.meta.url),
    names: ["hyperspectral", "image-folder", "quickstart", "ucmerced"],
    usual: "image-folder",
  },
  out: "runs/pretrain",
  example: "data.root=DIR train.epochs=200",
};
