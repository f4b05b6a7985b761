import { gatherRows, Linear } from "@graticule/nn";
import { reshape, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { checkPositive } from "../vit/config.js";
import { type ImageTextConfig, type ImageTextInputs, ImageTextModel } from "./image-text-model.js";

export interface SequenceClassificationConfig extends ImageTextConfig {
  readonly numClasses: number;
}

/**
 * Image-text model with a linear head on the state of each row's last token that is not padding; without the layer that
 * scores tokens. The head's name is transformers' `score`.
 *
 * Shape: B rows, with images → logits `[B, numClasses]`.
 */
export class ForSequenceClassification extends ImageTextModel {
  readonly score: Linear;

  constructor({ numClasses, ...config }: SequenceClassificationConfig) {
    super({ ...config, decoder: { ...config.decoder, tieEmbeddings: true } });
    checkPositive("ForSequenceClassification", "numClasses", numClasses);
    this.score = new Linear(config.decoder.embedDim, numClasses, { bias: false });
  }

  forward(inputs: ImageTextInputs): Tensor2D {
    return tidy(() => {
      const states = this.states(inputs);
      const [batch, length, width] = states.shape;
      const last = Int32Array.from({ length: batch }, (_, row) => row * length + lastSeen(inputs.seen?.[row], length));
      return this.score.forward(gatherRows(reshape(states, [batch * length, width]), last)) as Tensor2D;
    });
  }
}

function lastSeen(seen: ArrayLike<number | boolean> | undefined, length: number): number {
  let last = length - 1;
  while (seen && last > 0 && !seen[last]) last--;
  return last;
}
