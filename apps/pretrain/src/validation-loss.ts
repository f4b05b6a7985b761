import type { Loader } from "@graticule/data";
import { tensor4d, tidy } from "@tensorflow/tfjs-core";
import type { MaskedModel } from "./masked-model.js";

/** Decides the masks of held-out images: the same for every run, so that their losses compare. */
export const HELD_OUT_SEED = 0;

/** Mean loss over held-out images, each under the same mask every time. */
export async function validationLoss(model: MaskedModel, loader: Loader): Promise<number> {
  let [sum, count] = [0, 0];
  for await (const { images, shape, indices } of loader.epoch(0)) {
    const loss = tidy(() => model.loss(tensor4d(images, [...shape]), { seed: HELD_OUT_SEED, epoch: 0, indices }));
    sum += ((await loss.data())[0] as number) * shape[0];
    count += shape[0];
    loss.dispose();
  }
  return sum / count;
}
