import { valueAndGrad } from "@graticule/autodiff";
import { Mae, type MaeConfig, maeLoss, maskFromShuffles } from "@graticule/models";
import { bytesSource, openSafetensorsState, readSafetensorsHeader } from "@graticule/nn";
import { makeAdamW } from "@graticule/optim";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import { type Computed, read } from "./op-cases.js";

const TRAINED_STEPS = 3;

/** A tiny MAE with the weights of PyTorch's fixture: what it computes on the active backend, and what PyTorch did. */
export async function computeMae(fixture: Uint8Array): Promise<{
  computed: Record<string, Computed>;
  reference: Record<string, Computed>;
}> {
  const source = bytesSource("mae-3-channels", fixture);
  const state = await openSafetensorsState(source);
  const { metadata } = await readSafetensorsHeader(source);
  const { config, numKept } = JSON.parse(metadata.fixture as string) as { config: MaeConfig; numKept: number };
  const names = (prefix: string): string[] =>
    [...state.tensors.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));

  const model = new Mae(config);
  const tensors = new Map(names("model.").map((key) => [key, state.tensors.get(`model.${key}`)!]));
  await model.loadStateDict({ tensors, read: (key) => state.read(`model.${key}`) });
  const images = tensor(await state.read("images"), [...state.tensors.get("images")!.shape]);
  const shuffle = Int32Array.from(await state.read("shuffle"));
  const half = shuffle.length / 2;
  const mask = maskFromShuffles([shuffle.subarray(0, half), shuffle.subarray(half)], numKept);

  const { latent, prediction } = model.forward(images, mask);
  const trained = model.namedParameters().filter(([, parameter]) => parameter.trainable);
  const variables = trained.map(([, { variable }]) => variable);
  const lossAndGradients = () => valueAndGrad(() => maeLoss(model, images, mask, { normPix: true }), variables);
  const watched = names("grad.");
  const gradientOf = new Map(lossAndGradients().gradients.map((gradient, index) => [trained[index]![0], gradient]));
  const values = async (keys: readonly string[]): Promise<number[]> =>
    (await Promise.all(keys.map(async (key) => [...(await state.read(key))]))).flat();
  const computed = {
    "tiny MAE": {
      output: await read([latent, prediction]),
      gradient: await read(watched.map((path) => gradientOf.get(path) as Tensor)),
    },
  };
  const reference = {
    "tiny MAE": {
      output: await values(["latent", "prediction"]),
      gradient: await values(watched.map((path) => `grad.${path}`)),
    },
  };

  const optimizer = makeAdamW({ groups: [{ parameters: trained, weightDecay: 0.05 }], betas: [0.9, 0.95] });
  const losses: number[] = [];
  for (let step = 0; step <= TRAINED_STEPS; step++) {
    const { value, gradients } = lossAndGradients();
    losses.push(...(await read([value])));
    for (const [index, [path]] of trained.entries()) optimizer.apply(path, gradients[index] as Tensor, 1e-2);
    optimizer.step();
  }
  return { computed: { ...computed, [`tiny MAE, losses of ${TRAINED_STEPS} steps`]: { output: losses } }, reference };
}
