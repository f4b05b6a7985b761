import { MismatchError } from "@graticule/core";
import type { TensorFile } from "@graticule/nn";
import type { ChannelVitConfig } from "../channel-vit/config.js";
import { climax } from "./families.js";
import { mapWeights } from "./map-weights.js";

/** What ClimaX's weights tell of their model; the number of heads isn't among it. */
export type ClimaxSizes = Pick<ChannelVitConfig, "patchSize" | "embedDim" | "depth" | "mlpDim" | "decoderDepth">;

/** Published weights of ClimaX under our names. */
export interface ClimaxWeights {
  readonly sizes: ClimaxSizes;
  /** Variables that it knows, inputs and outputs alike. */
  readonly variables: number;
  /** Weights of a model of some of the variables. @throws {MismatchError} if its grid is not that of the weights. */
  forChannels(choice: ClimaxChoice): TensorFile;
}

/** Which part of ClimaX a model has. */
export interface ClimaxChoice {
  /** Places of the model's input and output channels among ClimaX's variables. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** [H, W] */
  readonly imageSize: readonly [number, number];
  /** Turns the model upside down: for images whose row 0 is in the north where ClimaX's is in the south, or the reverse. */
  readonly flipRows: boolean;
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
  const shapeOf = (name: string): readonly number[] => {
    const shape = mapped.tensors.get(name)?.shape;
    if (shape) return shape;
    throw new MismatchError(
      "readClimaxWeights",
      `weights of ClimaX, with what becomes ${name}`,
      mapped.unmapped.slice(0, 8).join(", ") || "none",
      "Patch projections have to be one a variable (token_embeds.0.proj.weight), not joined.",
    );
  };
  const countOf = (pattern: RegExp): number => [...mapped.tensors.keys()].filter((name) => pattern.test(name)).length;
  const [embedDim = 0, variables = 0, patchSize = 0] = shapeOf("channels.tokens.weight");
  const decoderDepth = countOf(/^head\.\d+\.weight$/) - 1;
  const last = `head.${decoderDepth}`;
  const [headRows = 0] = shapeOf(`${last}.weight`);
  if (headRows !== variables * patchSize ** 2)
    throw new MismatchError(
      "readClimaxWeights",
      `a head of ${variables} variables, ${variables * patchSize ** 2} rows`,
      `${headRows}`,
    );
  const [mlpDim = 0] = shapeOf("blocks.0.mlp.fc1.weight");
  const [, positions = 0] = shapeOf("pos_embed");
  const depth = countOf(/^blocks\.\d+\.norm1\.weight$/);

  function forChannels({ inputs, outputs, imageSize, flipRows }: ClimaxChoice): TensorFile {
    const [rows, columns] = [imageSize[0] / patchSize, imageSize[1] / patchSize];
    if (rows * columns !== positions)
      throw new MismatchError(
        "readClimaxWeights, pos_embed",
        `${positions} patches of ${patchSize} × ${patchSize} pixels, as the weights have`,
        `a grid of ${imageSize.join(" × ")}`,
        "Prepare a store on the weights' grid: 32 × 64 for 5.625°, 128 × 256 for 1.40625°.",
      );
    const flipped = (length: number): Places =>
      flipRows ? Array.from({ length }, (_, at) => length - 1 - at) : undefined;
    const pixels = outputs.length * patchSize ** 2;
    const tokens = "channels.tokens";
    // The head's outputs are ordered by row and column within the patch, then by variable.
    const changes = new Map<string, Change>([
      [
        `${tokens}.weight`,
        {
          layout: [embedDim, variables, patchSize, patchSize],
          take: [undefined, inputs, flipped(patchSize)],
          shape: [embedDim, inputs.length, patchSize, patchSize],
        },
      ],
      ...["bias", "channel_embed"].map((name): [string, Change] => [
        `${tokens}.${name}`,
        { layout: [variables, embedDim], take: [inputs], shape: [inputs.length, embedDim] },
      ]),
      ["pos_embed", { layout: [rows, columns, embedDim], take: [flipped(rows)], shape: [1, positions, embedDim] }],
      ...(
        [
          ["weight", [embedDim]],
          ["bias", []],
        ] as const
      ).map(([name, width]): [string, Change] => [
        `${last}.${name}`,
        {
          layout: [patchSize, patchSize, variables, ...width],
          take: [flipped(patchSize), undefined, outputs],
          shape: [pixels, ...width],
        },
      ]),
    ]);
    return {
      tensors: new Map(
        Array.from(mapped.tensors, ([name, entry]) => [
          name,
          { ...entry, shape: changes.get(name)?.shape ?? entry.shape },
        ]),
      ),
      async read(name) {
        const values = await mapped.read(name);
        const change = changes.get(name);
        return change ? takePlaces(values, change) : values;
      },
    };
  }
  return { sizes: { patchSize, embedDim, depth, mlpDim, decoderDepth }, variables, forChannels };
}

/** Places along one dimension; undefined for all of them. */
type Places = readonly number[] | undefined;

/** What becomes of a tensor: which places are taken along each dimension of a layout, and the shape that it then has. */
interface Change {
  readonly layout: readonly number[];
  readonly take: readonly Places[];
  readonly shape: readonly number[];
}

function takePlaces(values: Float32Array, { layout, take }: Change): Float32Array {
  let taken = values;
  for (const [dim, places] of take.entries()) {
    if (!places) continue;
    const rows = layout[dim] as number;
    const size = layout.slice(dim + 1).reduce((product, length) => product * length, 1);
    const blocks = taken.length / (rows * size);
    const next = new Float32Array(blocks * places.length * size);
    for (let block = 0; block < blocks; block++)
      for (const [at, place] of places.entries()) {
        const from = (block * rows + place) * size;
        next.set(taken.subarray(from, from + size), (block * places.length + at) * size);
      }
    taken = next;
  }
  return taken;
}
