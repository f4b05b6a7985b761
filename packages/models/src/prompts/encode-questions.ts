import { MismatchError } from "@graticule/core";
import { type ImagePlace, imagePlaces } from "../multimodal/image-text-model.js";
import type { PatchGrid } from "../multimodal/vision-positions.js";
import type { ChatTokenizer } from "./chat-tokenizer.js";
import { IMAGE_TOKENS, imageMarks } from "./image-marks.js";

/** A question about an image, and the answer where it is known. */
export interface ImageQuestion {
  readonly question: string;
  readonly answer?: string;
  /** Slices of the image behind its overview; the overview alone unless given. */
  readonly grid?: PatchGrid;
}

/** A token of an answer: `token` stands at `position` of a row, and is what the state before it has to predict. */
export interface AnswerToken {
  readonly row: number;
  readonly position: number;
  readonly token: number;
}

/** Rows for `ImageTextInputs`, and the tokens of the answers in them. */
export interface EncodedQuestions {
  readonly rows: readonly Int32Array[];
  readonly seen: readonly Uint8Array[];
  /** One for each overview and slice, in the order of questions and within an image row by row. */
  readonly places: readonly ImagePlace[];
  /** With the token that ends each answer. */
  readonly answers: readonly AnswerToken[];
}

/**
 * Makes rows of one length of questions about one image each, filled up on the left. Behind an answer comes the token that
 * ends it; without answers the rows end where these begin.
 *
 * @throws {MismatchError} if the tokenizer splits a conversation with an answer otherwise than the one without.
 */
export function encodeQuestions(
  tokenizer: ChatTokenizer,
  questions: readonly ImageQuestion[],
  numQueries: number,
): EncodedQuestions {
  const texts = questions.map((each) => encodeQuestion(tokenizer, each, numQueries));
  const length = Math.max(...texts.map(({ tokens }) => tokens.length));
  const { padToken } = tokenizer;
  const rows = texts.map(({ tokens }) => {
    const row = new Int32Array(length).fill(padToken);
    row.set(tokens, length - tokens.length);
    return row;
  });
  const seen = texts.map(({ tokens }) => new Uint8Array(length).fill(1, length - tokens.length));
  const answers = texts.flatMap(({ tokens, answerStart }, row) =>
    tokens.slice(answerStart).map((token, at): AnswerToken => {
      return { row, position: length - tokens.length + answerStart + at, token };
    }),
  );
  const openings = IMAGE_TOKENS.flatMap((mark) => (mark === "<slice>" && !hasSlices(questions) ? [] : mark));
  return {
    rows,
    seen,
    places: imagePlaces(
      rows,
      openings.map((mark) => tokenizer.tokenOf(mark)),
    ),
    answers,
  };
}

const hasSlices = (questions: readonly ImageQuestion[]): boolean => questions.some(({ grid }) => grid !== undefined);

function encodeQuestion(
  tokenizer: ChatTokenizer,
  { question, answer, grid }: ImageQuestion,
  numQueries: number,
): { readonly tokens: readonly number[]; readonly answerStart: number } {
  const content = `${imageMarks({ grid, numQueries, index: 0 })}\n${question}`;
  const asked = { role: "user", content } as const;
  const prompt = tokenizer.encode(tokenizer.render([asked], { opensAnswer: true }));
  if (answer === undefined) return { tokens: prompt, answerStart: prompt.length };
  const told = [asked, { role: "assistant", content: answer } as const];
  const whole = tokenizer.encode(tokenizer.render(told, { opensAnswer: false }));
  if (!prompt.every((token, at) => whole[at] === token))
    throw new MismatchError(
      "encodeQuestions",
      "a conversation that begins with its question's tokens",
      `others with the answer ${JSON.stringify(answer)}`,
      "Use a chat template whose answers begin at a token of their own, such as a line break.",
    );
  const { stopTokens } = tokenizer;
  const end = whole.findIndex((token, at) => at >= prompt.length && stopTokens.includes(token));
  if (end >= 0) return { tokens: whole.slice(0, end + 1), answerStart: prompt.length };
  throw new MismatchError(
    "encodeQuestions",
    "a token that ends the answer",
    `none in ${JSON.stringify(tokenizer.render(told, { opensAnswer: false }).slice(-40))}`,
    "Use a chat template that closes each turn by eos_token or <|im_end|>.",
  );
}
