import { z } from "zod";
import { taskConfig } from "./tasks/task-config.js";

/** The tasks of a run that was fine-tuned, and what was learned of its training data, as the run's settings keep them. */
export const tunedTasks = z.strictObject({
  task: taskConfig,
  facts: z.record(z.string(), z.unknown()),
});
