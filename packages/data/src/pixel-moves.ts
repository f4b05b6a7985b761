import type { SampleArray } from "./dataset.js";
import type { Box } from "./resample.js";

/** What a transform did to the places of pixels: cut a rectangle and resized it, or mirrored all. */
export type PixelMove =
  | { readonly box: Box; readonly size: readonly [height: number, width: number] }
  | "horizontal flip"
  | "vertical flip";

/** Does to a map what was done to the pixels that it lies on; of several pixels the nearest counts. Shape: `[T, H, W] → [T, H', W']`. */
export function movePixels(map: SampleArray, moves: readonly PixelMove[]): SampleArray {
  if (moves.length === 0) return map;
  const [maps, height, width] = map.shape as [number, number, number];
  let rows = Int32Array.from({ length: height }, (_, row) => row);
  let columns = Int32Array.from({ length: width }, (_, column) => column);
  for (const move of moves) {
    if (move === "horizontal flip") columns.reverse();
    else if (move === "vertical flip") rows.reverse();
    else {
      rows = nearest(rows, move.box.row, move.box.height, move.size[0]);
      columns = nearest(columns, move.box.column, move.box.width, move.size[1]);
    }
  }
  const data = new Float32Array(maps * rows.length * columns.length);
  let to = 0;
  for (let each = 0; each < maps; each++)
    for (const row of rows) {
      const from = (each * height + row) * width;
      for (const column of columns) data[to++] = map.data[from + column] as number;
    }
  return { data, shape: [maps, rows.length, columns.length], onPixels: true };
}

/** Which of the first places stand in each of `size` ones, cut from `start` on. */
function nearest(places: Int32Array, start: number, length: number, size: number): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    { length: size },
    (_, at) => places[start + Math.floor(((at + 0.5) * length) / size)] as number,
  );
}
