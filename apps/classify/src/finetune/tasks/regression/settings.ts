import { z } from "zod";
import { denseHeadFields } from "../dense-head.js";

/** Numbers for each image, or for each pixel. */
export const regressionSettings = z.strictObject({
  kind: z.literal("regression"),
  ...denseHeadFields,
  /** `pooled` tells numbers of an image, the others of each pixel. */
  head: z.enum(["pooled", "linear", "upernet"]).default("pooled"),
  /** The data's array of targets: a column of a table, or bands of rasters. */
  target: z.string().default("target"),
  /** Unit of the targets, for tables and plots. */
  unit: z.string().optional(),
  /** Numbers that stand for no target, beside nodata. */
  ignoreValues: z.array(z.number()).default([]),
  loss: z
    .strictObject({
      /** Of targets less their mean ÷ their standard deviation over the training images. */
      kind: z.enum(["mse", "mae", "huber"]).default("mse"),
      /** Where Huber's loss becomes linear. Units: standard deviations. */
      delta: z.number().gt(0).default(1),
    })
    .prefault({}),
});

export type RegressionSettings = z.infer<typeof regressionSettings>;
