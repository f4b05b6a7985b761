import { z } from "zod";
import { multiLabelSettings } from "./multi-label/settings.js";
import { regressionSettings } from "./regression/settings.js";
import { segmentationSettings } from "./segmentation/settings.js";

/** One class for each image; its loss is `loss`. */
const classificationSettings = z.strictObject({ kind: z.literal("classification") });

const singleTask = z.discriminatedUnion("kind", [
  classificationSettings,
  multiLabelSettings,
  segmentationSettings,
  regressionSettings,
]);

/** What a run learns to tell of an image. */
export const taskConfig = z.discriminatedUnion("kind", [
  classificationSettings,
  multiLabelSettings,
  segmentationSettings,
  regressionSettings,
  /** Several heads on one encoder, by name; the loss is the sum of theirs by weight. */
  z.strictObject({
    kind: z.literal("several"),
    tasks: z.record(z.string(), z.strictObject({ weight: z.number().gt(0).default(1), task: singleTask })),
  }),
]);

export type SingleTaskConfig = z.infer<typeof singleTask>;
