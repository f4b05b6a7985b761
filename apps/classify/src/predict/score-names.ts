import type { OutputMeaning } from "../finetune/tasks/task.js";

/** What each score is called. */
export const scoreNames = (meaning: OutputMeaning): readonly string[] =>
  meaning.kind === "classes" ? meaning.classNames : meaning.names;
