import { expectation } from "@graticule/core";
import { LoraPart } from "../lora/lora-part.js";
import { QKV, type QkvLoraPart } from "../lora/qkv-lora-part.js";
import { type PublishedParameters, publishedLayer, publishedModules } from "./published-parameters.js";

/** A value of a part, under its name in the part. */
export interface StoredTensor {
  readonly own: string;
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
}

/** What a file has of a part of an adapter at one of its layers. */
export interface StoredLora {
  /** Path of the layer in the file. */
  readonly path: string;
  readonly rank: number;
  readonly scale: number;
  readonly tensors: readonly StoredTensor[];
}

/** Reads a part's value by its name there. */
type Reader = (own: string) => Promise<Float32Array>;

/**
 * The layers that a part of LoRA is of in PEFT's files. Parts of a fused layer are layers of their own where the published
 * model has them so; else they are one update of their joined rank, with zeros.
 *
 * @throws {RangeError} if the published model has no such layer.
 */
export function storedLora(
  path: string,
  part: LoraPart | QkvLoraPart,
  read: Reader,
  published?: PublishedParameters,
): StoredLora[] {
  if (!published) return [part instanceof LoraPart ? wholeOf(path, part, "", read) : joinedOf(path, part, read)];
  const modules = publishedModules(published, path);
  const areParts = modules.length === QKV.length && !part.loraMagnitudeVector;
  if (part instanceof LoraPart && !areParts) return [wholeOf(publishedLayer(published, path), part, "", read)];
  if (!areParts)
    throw new RangeError(
      expectation("encodeAdapter", `'${path}' as three published layers`, modules.join(", ") || "none"),
    );
  if (!(part instanceof LoraPart))
    return part.parts.map(([name, own]) => wholeOf(modules[QKV.indexOf(name)] as string, own, `${name}.`, read));
  return modules.map((module, index) => rowsOf(module, part, index, read));
}

function wholeOf(path: string, part: LoraPart, prefix: string, read: Reader): StoredLora {
  const tensors = part.namedParameters().map(([own, { globalShape }]): StoredTensor => {
    return { own, shape: globalShape, read: () => read(`${prefix}${own}`) };
  });
  return { path, rank: part.loraRank, scale: part.scale, tensors };
}

/** The rows of one third of a layer's update. */
function rowsOf(path: string, part: LoraPart, index: number, read: Reader): StoredLora {
  const { loraA, loraB, loraRank: rank, scale } = part;
  const rows = (loraB.globalShape[0] as number) / QKV.length;
  const readRows = async (): Promise<Float32Array> =>
    (await read("lora_b")).slice(index * rows * rank, (index + 1) * rows * rank);
  const tensors = [
    { own: "lora_a", shape: loraA.globalShape, read: () => read("lora_a") },
    { own: "lora_b", shape: [rows, rank], read: readRows },
  ];
  return { path, rank, scale, tensors };
}

/** Parts as one update of the fused layer; it counts as often as the first, which the others' rows make up for. */
function joinedOf(path: string, { parts, scale }: QkvLoraPart, read: Reader): StoredLora {
  const [[, first]] = parts as [(typeof parts)[number]];
  const [rows, inFeatures] = [first.loraB.globalShape[0] as number, first.loraA.globalShape[1] as number];
  const rank = parts.reduce((sum, [, { loraRank }]) => sum + loraRank, 0);
  const readParts = (own: string): Promise<Float32Array[]> =>
    Promise.all(parts.map(([name]) => read(`${name}.${own}`)));
  const readA = async (): Promise<Float32Array> =>
    Float32Array.from((await readParts("lora_a")).flatMap((a) => [...a]));
  const readB = async (): Promise<Float32Array> => {
    const factors = await readParts("lora_b");
    const isWhole = factors.every((values, index) => values.length === rows * (parts[index]?.[1].loraRank ?? 0));
    const joined = new Float32Array(isWhole ? QKV.length * rows * rank : 0); // what is missing must not become zeros
    let column = 0;
    for (const [index, [name, part]] of parts.entries()) {
      const values = isWhole ? (factors[index] as Float32Array) : [];
      for (const [at, value] of values.entries()) {
        const row = QKV.indexOf(name) * rows + Math.floor(at / part.loraRank);
        joined[row * rank + column + (at % part.loraRank)] = (value * part.scale) / scale;
      }
      column += part.loraRank;
    }
    return joined;
  };
  const tensors = [
    { own: "lora_a", shape: [rank, inFeatures], read: readA },
    { own: "lora_b", shape: [QKV.length * rows, rank], read: readB },
  ];
  return { path, rank, scale, tensors };
}
