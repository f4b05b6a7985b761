import { openWeights, writeTensorFile } from "@graticule/classify";
import { expectation, type Logger, MismatchError, silentLogger } from "@graticule/core";
import { CLIMAX_48_CHANNELS } from "@graticule/data-era5";
import { type AnomalyForecaster, writeClimaxWeights } from "@graticule/models";
import type { TensorFile } from "@graticule/nn";
import type { FileDigest } from "@graticule/train";
import { loadForecaster } from "../forecasting/open-run.js";

export interface ExportClimaxOptions {
  /** Published weights, which keep the variables that the run has no part in; names and types are theirs. */
  readonly onto?: string;
  /** Entry of such a file of torch.save that is the state dict. */
  readonly key?: string;
  readonly logger?: Logger;
}

export interface ExportedClimax extends FileDigest {
  /** The file's variables in their order: ClimaX's `default_vars`. */
  readonly variables: readonly string[];
}

/**
 * Writes the weights that a run forecasts with as ClimaX's, in safetensors: of ClimaX's 48 variables where the run has them
 * all or the others come from `onto`, else of the run's own.
 *
 * Layout: row 0 in the south, as ClimaX has it, whichever way the run's store lies.
 *
 * @throws {MismatchError} if the run isn't a ClimaX, or reads what it doesn't predict and `onto` is absent.
 */
export async function exportClimax(
  runFolder: string,
  path: string,
  { onto, key, logger = silentLogger }: ExportClimaxOptions = {},
): Promise<ExportedClimax> {
  const { config, samples, model } = await loadForecaster(runFolder, [], logger);
  const published = onto === undefined ? undefined : await openWeights(onto, key);
  try {
    const { residual, networks } = config.model;
    if (residual !== "none" || networks > 1)
      throw new MismatchError(
        "exportClimax",
        "one network that predicts the state itself, as ClimaX does",
        `networks ${networks} and residual ${residual}`,
        "Train with model.residual=none.",
      );
    const inputs = samples.schema.map(({ name }) => name);
    const targets = samples.targetSchema.map(({ name }) => name);
    const knows48 = inputs.every((name) => CLIMAX_48_CHANNELS.includes(name));
    const isWhole = published !== undefined || (knows48 && inputs.length === CLIMAX_48_CHANNELS.length);
    const variables = isWhole ? CLIMAX_48_CHANNELS : inputs;
    const { latitudes } = samples.grid;
    const theirs = writeClimaxWeights(await networkWeights(model), {
      variables: variables.length,
      inputs: inputs.map((name) => placeOf(name, variables)),
      outputs: targets.map((name) => placeOf(name, variables)),
      imageSize: model.config.imageSize,
      flipRows: (latitudes[0] ?? 0) > (latitudes.at(-1) ?? 0),
      ...(published && { onto: published }),
    });
    return { variables, ...(await writeTensorFile(path, theirs)) };
  } finally {
    await published?.close();
    model.dispose();
    await samples.close();
  }
}

/** The network's weights; what calibration left of its output is in the last layer. */
async function networkWeights(model: AnomalyForecaster): Promise<TensorFile> {
  const factors = await outputFactors(model);
  const last = `head.${model.config.decoderDepth}.`;
  const state = model.networks[0]?.stateDict() ?? new Map();
  return {
    tensors: new Map(Array.from(state, ([name, { shape }]) => [name, { shape, dtype: "F32" as const }])),
    async read(name) {
      const values = (await state.get(name)?.data()) as Float32Array;
      if (!name.startsWith(last)) return values;
      // Rows are pixels of the patch, within them the targets.
      const width = values.length / (state.get(name)?.shape[0] as number);
      return values.map((value, at) => value * (factors[Math.floor(at / width) % factors.length] as number));
    },
  };
}

/** What each target's output is multiplied with. @throws {MismatchError} if that depends on the lead time. */
async function outputFactors({ gate, scale, config }: AnomalyForecaster): Promise<number[]> {
  const [gates, scales] = [await gate.variable.data(), await scale.variable.data()];
  const products = Array.from(gates, (value, at) => value * (scales[at] as number));
  const { length } = config.targets;
  const factors = products.slice(0, length);
  if (products.every((value, at) => value === factors[at % length])) return factors;
  throw new MismatchError(
    "exportClimax",
    "corrections that are believed alike at all lead times, as ClimaX has no place for more",
    `gates of ${config.leadTimesHours.length} lead times that differ`,
    "Train with train.calibrate=false, or for one lead time.",
  );
}

function placeOf(name: string, variables: readonly string[]): number {
  const place = variables.indexOf(name);
  if (place >= 0) return place;
  throw new RangeError(expectation("exportClimax", `channels of ClimaX (${variables.join(", ")})`, `'${name}'`));
}
