import { MismatchError } from "@graticule/core";
import type { TensorFile } from "@graticule/nn";
import {
  type ClimaxChoice,
  type ClimaxExtent,
  type ClimaxSizes,
  climaxParts,
  putPart,
  takePart,
} from "./climax-channels.js";
import { climax } from "./families.js";
import { type MappedWeights, mapWeights, unmapWeights } from "./map-weights.js";

/** Published weights of ClimaX under our names. */
export interface ClimaxWeights {
  readonly sizes: ClimaxSizes;
  /** Variables that it knows, inputs and outputs alike. */
  readonly variables: number;
  /** Weights of a model of some of the variables. @throws {MismatchError} if its grid is not that of the weights. */
  forChannels(choice: ClimaxChoice): TensorFile;
}

/**
 * Reads published ClimaX weights for models of any of its variables, which it takes and gives in any number.
 *
 * Source: microsoft/ClimaX, src/climax/arch.py (`get_var_ids`, `unpatchify`).
 *
 * @throws {MismatchError} if they lack what every ClimaX has.
 */
export function readClimaxWeights(file: TensorFile): ClimaxWeights {
  const mapped = mapWeights(file, climax);
  const { sizes, extent } = describe(mapped, "readClimaxWeights", mapped.unmapped);
  return {
    sizes,
    variables: extent.variables,
    forChannels(choice) {
      const parts = climaxParts({ ...sizes, ...extent }, choice);
      return {
        tensors: new Map(
          Array.from(mapped.tensors, ([name, entry]) => [
            name,
            { ...entry, shape: parts.get(name)?.shape ?? entry.shape },
          ]),
        ),
        async read(name) {
          const values = await mapped.read(name);
          const part = parts.get(name);
          return part ? takePart(values, part) : values;
        },
      };
    },
  };
}

/** Where a model's weights go among those of all of ClimaX's variables. */
export interface ClimaxPlacing extends ClimaxChoice {
  /** Variables of the file. */
  readonly variables: number;
  /** Published weights, which keep what the model has no part in, and give names and types. */
  readonly onto?: TensorFile;
}

/**
 * Gives a model's weights ClimaX's names and layout: the inverse of `readClimaxWeights`, bit for bit.
 *
 * @throws {MismatchError} if a variable has weights neither in the model nor in `onto`, or these are of another model.
 */
export function writeClimaxWeights(weights: TensorFile, { onto, variables, ...choice }: ClimaxPlacing): TensorFile {
  const where = "writeClimaxWeights";
  const below = onto && mapWeights(onto, climax);
  const { sizes, extent } = describe(weights, where, [...weights.tensors.keys()], choice.outputs.length);
  const parts = climaxParts({ ...sizes, ...extent, variables }, choice);
  const missing = (places: readonly number[]) => new Set(places).size < variables;
  if (!below && (missing(choice.inputs) || missing(choice.outputs)))
    throw new MismatchError(
      where,
      `weights of all ${variables} variables, as ClimaX reads and predicts the same ones`,
      `${choice.inputs.length} that are read and ${choice.outputs.length} that are predicted`,
      "Name the published weights that have the others.",
    );
  const tensors = new Map(
    Array.from(weights.tensors, ([name, { shape, dtype }]) => [
      name,
      { shape: parts.get(name)?.whole ?? shape, dtype: below?.tensors.get(name)?.dtype ?? dtype },
    ]),
  );
  if (below) checkSame(tensors, below, where);
  const file: TensorFile = {
    tensors,
    async read(name) {
      const values = await weights.read(name);
      const part = parts.get(name);
      if (!part) return values;
      const whole = below
        ? (await below.read(name)).slice()
        : new Float32Array(part.whole.reduce((product, length) => product * length, 1));
      putPart(whole, values, part);
      return whole;
    },
  };
  return unmapWeights(file, climax, below?.variant ?? 0);
}

/** Sizes by the shapes of tensors under our names; the head is of `outputs` variables, of all that are read unless given. */
function describe(
  { tensors }: TensorFile,
  where: string,
  others: readonly string[],
  outputs?: number,
): { readonly sizes: ClimaxSizes; readonly extent: ClimaxExtent } {
  const shapeOf = (name: string): readonly number[] => {
    const shape = tensors.get(name)?.shape;
    if (shape) return shape;
    throw new MismatchError(
      where,
      `weights of ClimaX, with what becomes ${name}`,
      others.slice(0, 8).join(", ") || "none",
      "Patch projections have to be one a variable (token_embeds.0.proj.weight), not joined.",
    );
  };
  const countOf = (pattern: RegExp): number => [...tensors.keys()].filter((name) => pattern.test(name)).length;
  const [embedDim = 0, variables = 0, patchSize = 0] = shapeOf("channels.tokens.weight");
  const decoderDepth = countOf(/^head\.\d+\.weight$/) - 1;
  const [headRows = 0] = shapeOf(`head.${decoderDepth}.weight`);
  const expected = (outputs ?? variables) * patchSize ** 2;
  if (headRows !== expected)
    throw new MismatchError(where, `a head of ${outputs ?? variables} variables, ${expected} rows`, `${headRows}`);
  const [mlpDim = 0] = shapeOf("blocks.0.mlp.fc1.weight");
  const [, positions = 0] = shapeOf("pos_embed");
  const depth = countOf(/^blocks\.\d+\.norm1\.weight$/);
  return { sizes: { patchSize, embedDim, depth, mlpDim, decoderDepth }, extent: { variables, positions } };
}

function checkSame(ours: TensorFile["tensors"], { tensors }: MappedWeights, where: string): void {
  const names = new Set([...ours.keys(), ...tensors.keys()]);
  const differing = [...names].filter((name) => `${ours.get(name)?.shape}` !== `${tensors.get(name)?.shape}`);
  if (differing.length === 0) return;
  const [name] = differing as [string];
  const shapeOf = (file: TensorFile["tensors"]) => `[${file.get(name)?.shape.join(", ") ?? "no such tensor"}]`;
  throw new MismatchError(
    where,
    `published weights of the same model, ${name} ${shapeOf(ours)}`,
    shapeOf(tensors),
    "Name those that the run began with.",
  );
}
