import { z } from "zod";
import { denseHeadFields } from "../dense-head.js";

/** A class for each pixel. */
export const segmentationSettings = z.strictObject({
  kind: z.literal("segmentation"),
  ...denseHeadFields,
  head: z.enum(["linear", "upernet"]).default("upernet"),
  /** The data's array with the number of each pixel's class, in its first band. */
  target: z.string().default("target"),
  /** Numbers that are classes, in the order of the outputs; those that the training rasters hold when absent. */
  classValues: z.array(z.number()).min(1).optional(),
  /** The classes' names, in that order; their numbers when absent. */
  classNames: z.array(z.string()).min(1).optional(),
  /** Numbers that stand for no class, beside nodata. */
  ignoreValues: z.array(z.number()).default([]),
  loss: z
    .strictObject({
      /** γ of the focal loss; 0 is the cross-entropy. */
      gamma: z.number().min(0).default(0),
      labelSmoothing: z.number().min(0).lt(1).default(0),
      /** How much the Dice loss counts beside. */
      dice: z.number().min(0).default(0),
      /** How much each class counts: `balanced` is pixels ÷ (classes · pixels of the class); by name, others count 1. */
      classWeights: z.union([z.enum(["none", "balanced"]), z.record(z.string(), z.number().min(0))]).default("none"),
    })
    .prefault({}),
});

export type SegmentationSettings = z.infer<typeof segmentationSettings>;
