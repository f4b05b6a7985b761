import { makeClassifier } from "@graticule/models";
import { openCheckpointWeights, weightsDigest } from "@graticule/train";
import type { Encoder, PretrainedRun } from "./encoder.js";
import { vitConfigFor } from "./vit-model-config.js";

/** Opens the classifier of a run that was fine-tuned: its features are logits `[B, K]`, one for each class. Undefined for other runs. */
export async function openTunedClassifier({
  checkpoint,
  run: { model, classNames },
}: PretrainedRun): Promise<(Encoder & { readonly classNames: readonly string[] }) | undefined> {
  if (!classNames || model.kind !== "vit") return undefined;
  const { schema } = checkpoint.state;
  const shape = vitConfigFor(model, schema.length);
  const classifier = makeClassifier({ ...shape, numClasses: classNames.length }, { seed: 0 });
  const weights = await openCheckpointWeights(checkpoint);
  await classifier.loadStateDict(weights).finally(() => weights.close());
  return {
    ...{ name: checkpoint.path, hash: weightsDigest(checkpoint.state), imageSize: model.imageSize, schema, classNames },
    features: (images) => classifier.forward(images),
    dispose: () => classifier.dispose(),
  };
}
