import { openCheckpointWeights, weightsDigest } from "@graticule/train";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Encoder, PretrainedRun } from "./encoder.js";
import { isTunable, makeModelWithHeads } from "./finetune/tuned-model.js";

/** Opens the classifier of a run that was fine-tuned: its features are logits `[B, K]`, one for each class. Undefined for other runs. */
export async function openTunedClassifier({
  checkpoint,
  run: { model, classNames },
}: PretrainedRun): Promise<(Encoder & { readonly classNames: readonly string[] }) | undefined> {
  if (!classNames || !isTunable(model)) return undefined;
  const { schema } = checkpoint.state;
  const heads = [{ kind: "pooled", outputs: classNames.length }] as const;
  const classifier = makeModelWithHeads(model, { schema, heads, dropPathRate: 0, seed: 0 });
  const weights = await openCheckpointWeights(checkpoint);
  await classifier.module.loadStateDict(weights).finally(() => weights.close());
  return {
    ...{ name: checkpoint.path, hash: weightsDigest(checkpoint.state), imageSize: model.imageSize, schema, classNames },
    features: (images) => classifier.outputs(images)[0] as Tensor2D,
    dispose: () => classifier.module.dispose(),
  };
}
