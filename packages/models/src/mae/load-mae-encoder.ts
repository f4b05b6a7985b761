import { MismatchError } from "@graticule/core";
import type { LoadReport, Module, StateReader } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Parameters that a masked autoencoder has no values for: they keep those that they have. */
const NEW_IN_VIT = /^(heads?|fc_norm)\./;
/** Tensors of a masked autoencoder that a ViT may have no place for. */
const MAE_ONLY = /^(decoder_|mask_token$|norm\.)/;

/**
 * Sets the encoder of a ViT, a classifier or a `ChannelVitWithHeads` from the tensors of a masked autoencoder; heads and `fc_norm` stay as they are,
 * as in MAE's fine-tuning. Returns the names that had no counterpart.
 *
 * @throws {MismatchError} if another tensor is missing, unexpected or of another shape.
 */
export async function loadMaeEncoder(
  model: Module,
  source: ReadonlyMap<string, Tensor> | StateReader,
): Promise<LoadReport> {
  const names = [...("read" in source ? source.tensors : source).keys()];
  const paths = model.namedParameters().map(([path]) => path);
  const missing = paths.filter((path) => !names.includes(path) && !NEW_IN_VIT.test(path));
  const unexpected = names.filter((name) => !paths.includes(name) && !MAE_ONLY.test(name));
  if (missing.length > 0 || unexpected.length > 0)
    throw new MismatchError(
      "loadMaeEncoder",
      "the encoder tensors of a masked autoencoder",
      `${missing.length} missing (${missing.join(", ")}), ${unexpected.length} unexpected (${unexpected.join(", ")})`,
      "Build the model with the depth and width of the pretrained encoder.",
    );
  return model.loadStateDict(source, { strict: false });
}
