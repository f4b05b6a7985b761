import { concat, slice, type Tensor, type Tensor4D } from "@tensorflow/tfjs-core";

/** Shifts columns to the west, those that leave come in from the east. */
export function turnGlobe(fields: Tensor, columns: number): Tensor4D {
  const [batch, channels, height, width] = fields.shape as [number, number, number, number];
  const first = ((columns % width) + width) % width;
  if (first === 0) return fields as Tensor4D;
  return concat(
    [
      slice(fields, [0, 0, 0, first], [batch, channels, height, width - first]),
      slice(fields, [0, 0, 0, 0], [batch, channels, height, first]),
    ],
    3,
  ) as Tensor4D;
}
