import { expectation, makeRandom } from "@graticule/core";
import { gatherRows } from "@graticule/nn";
import { reshape, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { AnswerToken } from "../prompts/encode-questions.js";
import { checkPositive } from "../vit/config.js";
import { checkSampling, drawToken, likeliestToken, type Sampling } from "./choose-token.js";
import { DecoderCache } from "./decoder-cache.js";
import { type ImageTextInputs, ImageTextModel } from "./image-text-model.js";

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** Tokens that end the text and are not part of it. */
  readonly stopTokens: readonly number[];
  /** Draws tokens; unless given, the likeliest is taken each time. */
  readonly sampling?: Sampling;
}

/**
 * Image-text model that scores and writes text.
 *
 * Shape: B rows of N, with images → logits of the token after each, `[B, N, vocabSize]`.
 */
export class ForConditionalGeneration extends ImageTextModel {
  forward(inputs: ImageTextInputs): Tensor3D {
    return tidy(() => this.llm.logits(this.states(inputs)));
  }

  /**
   * Scores of the tokens that stand where answers do, by what comes before each: A of them → `[A, vocabSize]`. Other tokens
   * are not scored.
   */
  answerLogits(inputs: ImageTextInputs, answers: readonly Omit<AnswerToken, "token">[]): Tensor2D {
    return tidy(() => {
      const states = this.states(inputs);
      const [batch, length, width] = states.shape;
      const before = Int32Array.from(answers, ({ row, position }) => row * length + position - 1);
      return this.llm.logits(gatherRows(reshape(states, [batch * length, width]), before) as Tensor2D);
    });
  }

  /**
   * Goes on with one row, token by token; each is computed when it is asked for. What was computed for the tokens before is
   * kept until the last, or until the loop over them is left.
   *
   * @throws {RangeError} if there isn't exactly one row, or an option is out of range.
   */
  async *generate(inputs: ImageTextInputs, options: GenerateOptions): AsyncGenerator<number, void, undefined> {
    const { maxNewTokens, stopTokens, sampling } = options;
    checkPositive("generate", "maxNewTokens", maxNewTokens);
    if (sampling) checkSampling(sampling);
    if (inputs.rows.length !== 1)
      throw new RangeError(expectation("generate", "1 row", `${inputs.rows.length}`, "Generate them one by one."));
    const random = sampling && makeRandom(sampling.seed, "generate");
    const cache = new DecoderCache();
    try {
      let logits = tidy(() => this.llm.nextLogits(this.states(inputs, { cache })));
      for (let made = 1; ; made++) {
        const scores = await logits.data();
        logits.dispose();
        const token = random ? drawToken(scores, sampling, random) : likeliestToken(scores);
        if (stopTokens.includes(token)) return;
        yield token;
        if (made === maxNewTokens) return;
        logits = tidy(() => this.llm.nextLogits(this.llm.model.forward([[token]], { cache })));
      }
    } finally {
      cache.dispose();
    }
  }
}
