import { z } from "zod";

/** Any number of classes for each image, as BigEarthNet has them. */
export const multiLabelSettings = z.strictObject({
  kind: z.literal("multi-label"),
  /** The data's array of 0 and 1 by class. */
  target: z.string().default("labels"),
  /** Probability from which on a class counts as predicted, in F1, precision and recall. */
  threshold: z.number().gt(0).lt(1).default(0.5),
  loss: z
    .strictObject({
      /** γ of the focal loss; 0 is the binary cross-entropy. */
      gamma: z.number().min(0).default(0),
      /** How much images count that have a class: `balanced` is those without ÷ those with it; by name, others count 1. */
      positiveWeights: z.union([z.enum(["none", "balanced"]), z.record(z.string(), z.number().min(0))]).default("none"),
    })
    .prefault({}),
});

export type MultiLabelSettings = z.infer<typeof multiLabelSettings>;
