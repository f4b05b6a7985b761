import type { Loader } from "@graticule/data";
import type { AnswerToken } from "@graticule/models";
import { ForConditionalGeneration } from "@graticule/models";
import { softmaxCrossEntropy } from "@graticule/ops";
import { argMax, type Scalar, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { askAbout, inputsOf, type QuestionMaker } from "./image-questions.js";
import type { TunedImageText } from "./tuned-image-text.js";

/** How a model answers, or scores, held-out images. */
export interface AnswerScores {
  /** Mean cross-entropy of an answer's tokens, or of the class. Units: nats. */
  readonly loss: number;
  /** Share of the images whose answer is the class's name exactly, or whose likeliest class is right. */
  readonly accuracy: number;
  /** The same for each class. */
  readonly perClass: Readonly<Record<string, number>>;
  readonly images: number;
}

/**
 * Scores a model on all images of a loader. An answer counts where each of its tokens is the likeliest behind the ones
 * before, which is when the model, writing the likeliest token each time, would write it and end there.
 */
export async function scoreAnswers(model: TunedImageText, loader: Loader, maker: QuestionMaker): Promise<AnswerScores> {
  const right = maker.classNames.map(() => 0);
  const counts = maker.classNames.map(() => 0);
  let lossSum = 0;
  for await (const { images, shape, labels } of loader.epoch(0)) {
    const tells = model instanceof ForConditionalGeneration;
    const { answers, ...asked } = askAbout(maker, labels, { tells });
    const targets = tells ? answers : Array.from(labels, (token, row): AnswerToken => ({ row, position: 0, token }));
    const logits = tidy(() => {
      const inputs = inputsOf(asked, images, shape, maker.layout);
      return (
        model instanceof ForConditionalGeneration ? model.answerLogits(inputs, answers) : model.forward(inputs)
      ) as Tensor2D;
    });
    const loss = targetLoss(logits, targets);
    lossSum += (await loss.data())[0]! * shape[0];
    const best = tidy(() => argMax(logits, 1));
    const chosen = await best.data();
    const wrong = new Set(targets.flatMap(({ row, token }, at) => (chosen[at] === token ? [] : row)));
    for (const [row, label] of labels.entries()) {
      counts[label] = (counts[label] as number) + 1;
      if (!wrong.has(row)) right[label] = (right[label] as number) + 1;
    }
    for (const each of [logits, loss, best]) each.dispose();
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const perClass = maker.classNames.flatMap((name, index) =>
    counts[index] ? [[name, (right[index] as number) / counts[index]] as const] : [],
  );
  return {
    loss: lossSum / total,
    accuracy: right.reduce((sum, count) => sum + count, 0) / total,
    perClass: Object.fromEntries(perClass),
    images: total,
  };
}

/** Mean cross-entropy of logits, a row for each target. */
export const targetLoss = (logits: Tensor2D, targets: readonly Pick<AnswerToken, "token">[]): Scalar =>
  softmaxCrossEntropy(
    logits,
    Int32Array.from(targets, ({ token }) => token),
  );
