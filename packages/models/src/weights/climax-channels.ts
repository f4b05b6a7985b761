import { MismatchError } from "@graticule/core";
import type { ChannelVitConfig } from "../channel-vit/config.js";

/** What ClimaX's weights tell of their model; the number of heads isn't among it. */
export type ClimaxSizes = Pick<ChannelVitConfig, "patchSize" | "embedDim" | "depth" | "mlpDim" | "decoderDepth">;

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

/** Places along one dimension; undefined for all of them. */
type Places = readonly number[] | undefined;

/** What a tensor of a model of some variables is of the one of all: places along each dimension of a layout. */
export interface ChosenPart {
  readonly layout: readonly number[];
  readonly take: readonly Places[];
  /** Shape of the part, and of the whole. */
  readonly shape: readonly number[];
  readonly whole: readonly number[];
}

/**
 * The tensors, by our names, in which a model of some of ClimaX's variables differs from the one of all.
 *
 * @throws {MismatchError} if the grid is not that of the weights.
 */
export function climaxParts(
  { patchSize, embedDim, decoderDepth, variables, positions }: ClimaxSizes & ClimaxExtent,
  { inputs, outputs, imageSize, flipRows }: ClimaxChoice,
): ReadonlyMap<string, ChosenPart> {
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
  const tokens = "channels.tokens";
  const ofTokens = (name: string, square: readonly number[], take: readonly Places[]): [string, ChosenPart] => {
    const shapeOf = (count: number) => (square.length > 0 ? [embedDim, count, ...square] : [count, embedDim]);
    return [
      `${tokens}.${name}`,
      { layout: shapeOf(variables), take, shape: shapeOf(inputs.length), whole: shapeOf(variables) },
    ];
  };
  // The head's outputs are ordered by row and column within the patch, then by variable.
  const ofHead = (name: string, width: readonly number[]): [string, ChosenPart] => [
    `head.${decoderDepth}.${name}`,
    {
      layout: [patchSize, patchSize, variables, ...width],
      take: [flipped(patchSize), undefined, outputs],
      shape: [outputs.length * patchSize ** 2, ...width],
      whole: [variables * patchSize ** 2, ...width],
    },
  ];
  const positionShape = [1, positions, embedDim];
  return new Map([
    ofTokens("weight", [patchSize, patchSize], [undefined, inputs, flipped(patchSize)]),
    ofTokens("bias", [], [inputs]),
    ofTokens("channel_embed", [], [inputs]),
    [
      "pos_embed",
      { layout: [rows, columns, embedDim], take: [flipped(rows)], shape: positionShape, whole: positionShape },
    ],
    ofHead("weight", [embedDim]),
    ofHead("bias", []),
  ]);
}

/** Variables that weights know, inputs and outputs alike, and patches of their grid. */
export interface ClimaxExtent {
  readonly variables: number;
  readonly positions: number;
}

/** The values of a part. */
export function takePart<T extends Float32Array | Int32Array>(values: T, { layout, take }: ChosenPart): T {
  let taken = values;
  for (const [dim, places] of take.entries()) {
    if (!places) continue;
    const rows = layout[dim] as number;
    const size = layout.slice(dim + 1).reduce((product, length) => product * length, 1);
    const blocks = taken.length / (rows * size);
    const next = new (values.constructor as new (length: number) => T)(blocks * places.length * size);
    for (let block = 0; block < blocks; block++)
      for (const [at, place] of places.entries()) {
        const from = (block * rows + place) * size;
        next.set(taken.subarray(from, from + size), (block * places.length + at) * size);
      }
    taken = next;
  }
  return taken;
}

/** Puts the values of a part where `takePart` takes them from. */
export function putPart(whole: Float32Array, values: Float32Array, part: ChosenPart): void {
  const places = takePart(
    Int32Array.from(whole, (_, at) => at),
    part,
  );
  for (const [at, place] of places.entries()) whole[place] = values[at] as number;
}
