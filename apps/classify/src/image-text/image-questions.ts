import type { Random } from "@graticule/core";
import { type ChatTokenizer, type EncodedQuestions, encodeQuestions, type ImageTextInputs } from "@graticule/models";
import { type Tensor4D, tensor4d } from "@tensorflow/tfjs-core";
import { type ImageLayout, imageParts } from "./image-layout.js";

/** What turns images and labels into a model's inputs. */
export interface QuestionMaker {
  readonly tokenizer: ChatTokenizer;
  readonly numQueries: number;
  readonly layout: ImageLayout;
  readonly questions: readonly string[];
  readonly classNames: readonly string[];
}

/** The answer that stands for a class: its name in plain words. */
export const answerOf = (className: string): string => className.replace(/[_-]+/g, " ").trim();

/**
 * Rows of questions for a batch, each drawn by its own stream, or the first of all. With `tells` the answers stand in them,
 * for the loss; what the model is only asked ends where they begin.
 */
export function askAbout(
  { tokenizer, numQueries, layout, questions, classNames }: QuestionMaker,
  labels: Int32Array,
  { tells, random }: { readonly tells: boolean; readonly random?: (row: number) => Random },
): EncodedQuestions {
  const asked = Array.from(labels, (label, row) => ({
    question: questions[random ? random(row).integer(questions.length) : 0] as string,
    ...(tells && { answer: answerOf(classNames[label] as string) }),
    ...(layout.sliced && { grid: layout.sliced.grid }),
  }));
  return encodeQuestions(tokenizer, asked, numQueries);
}

/** A model's inputs of rows and of pixels `[B, C, H, W]`; the caller's tidy frees the images. */
export function inputsOf(
  { rows, seen, places }: Omit<EncodedQuestions, "answers">,
  pixels: Float32Array,
  shape: readonly [number, number, number, number],
  layout: ImageLayout,
): ImageTextInputs {
  return { rows, seen, places, images: imageParts(tensor4d(pixels, [...shape]) as Tensor4D, layout) };
}
