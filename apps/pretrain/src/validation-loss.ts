import { sumOverData } from "@graticule/classify";
import type { Loader } from "@graticule/data";
import type { Mesh } from "@graticule/parallel";
import { tensor4d, tidy, zeros } from "@tensorflow/tfjs-core";
import type { MaskedModel } from "./masked-model.js";

/** Decides the masks of held-out images: the same for every run, so that their losses compare. */
export const HELD_OUT_SEED = 0;

/** Mean loss over held-out images, each under the same mask every time; each rank gives its share. Collective. */
export async function validationLoss(model: MaskedModel, loader: Loader, mesh: Mesh): Promise<number> {
  const sums = new Float64Array(2);
  for await (const { images, shape, indices } of loader.epoch(0)) {
    const count = shape[0];
    // A rank without images of an incomplete last batch takes part all the same: models that are divided need it.
    const loss = tidy(() =>
      model.loss(count > 0 ? tensor4d(images, [...shape]) : zeros([1, loader.schema.length, ...model.imageSize]), {
        seed: HELD_OUT_SEED,
        epoch: 0,
        indices: count > 0 ? indices : [0],
      }),
    );
    if (count > 0) {
      sums[0] = (sums[0] as number) + ((await loss.data())[0] as number) * count;
      sums[1] = (sums[1] as number) + count;
    }
    loss.dispose();
  }
  await sumOverData(sums, mesh);
  return (sums[0] as number) / (sums[1] as number);
}
