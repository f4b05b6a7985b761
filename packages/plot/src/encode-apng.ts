import { expectation, ShapeError } from "@graticule/core";
import { compressPixels, joinChunks, makeChunk, makeHeader } from "./png-chunks.js";

export interface ApngOptions {
  readonly width: number;
  readonly height: number;
  /** Time that each frame stays. Units: ms. */
  readonly frameMilliseconds: number;
}

/** Part of a picture that differs from the one before. */
interface Patch {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Writes frames of 8-bit RGB pixels as an animated PNG that repeats for ever: 24-bit colour, shown by browsers as any
 * image; others show the first frame. Of later frames only the rectangle that changed is stored.
 *
 * Layout: each frame `[H, W, 3]`, row-major from the top.
 * Source: W3C PNG specification, third edition, §11.3.4.
 *
 * @throws {ShapeError} if a frame doesn't have width · height · 3 bytes.
 * @throws {RangeError} if there is no frame, or the time is not 1 to 65535 ms.
 */
export function encodeApng(
  frames: readonly Uint8Array[],
  { width, height, frameMilliseconds }: ApngOptions,
): Uint8Array {
  if (frames.length === 0 || !(frameMilliseconds >= 1 && frameMilliseconds <= 65535))
    throw new RangeError(
      expectation("encodeApng", "a frame or more of 1 to 65535 ms", `${frames.length} of ${frameMilliseconds} ms`),
    );
  const bad = frames.find((frame) => frame.length !== width * height * 3);
  if (bad !== undefined)
    throw new ShapeError(
      "encodeApng",
      `frames [${height}, ${width}, 3]`,
      `${bad.length} bytes`,
      "Give three bytes a pixel.",
    );
  let sequence = 0;
  const chunks = frames.flatMap((frame, at) => {
    const patch =
      at === 0 ? { left: 0, top: 0, width, height } : changedPatch(frames[at - 1] as Uint8Array, frame, width);
    const control = makeControl(sequence++, patch, frameMilliseconds);
    const data = compressPixels(cutPatch(frame, width, patch), patch.width, patch.height);
    if (at === 0) return [control, makeChunk("IDAT", data)];
    const numbered = new Uint8Array(4 + data.length);
    new DataView(numbered.buffer).setUint32(0, sequence++);
    numbered.set(data, 4);
    return [control, makeChunk("fdAT", numbered)];
  });
  const animation = new Uint8Array(8); // frames, then plays: 0 repeats for ever
  new DataView(animation.buffer).setUint32(0, frames.length);
  return joinChunks([
    makeHeader(width, height),
    makeChunk("acTL", animation),
    ...chunks,
    makeChunk("IEND", new Uint8Array(0)),
  ]);
}

/** Frame control: number, size, place, duration; left as it is and drawn over. */
function makeControl(sequence: number, { left, top, width, height }: Patch, milliseconds: number): Uint8Array {
  const control = new Uint8Array(26);
  const view = new DataView(control.buffer);
  [sequence, width, height, left, top].forEach((value, at) => {
    view.setUint32(4 * at, value);
  });
  view.setUint16(20, Math.round(milliseconds));
  view.setUint16(22, 1000);
  return makeChunk("fcTL", control);
}

/** The smallest rectangle that holds every changed pixel; one pixel where none did. */
function changedPatch(before: Uint8Array, after: Uint8Array, width: number): Patch {
  let [left, top, right, bottom] = [width, -1, -1, -1];
  for (let at = 0; at < after.length; at++) {
    if (before[at] === after[at]) continue;
    const pixel = Math.floor(at / 3);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    if (top < 0) top = y;
    bottom = y;
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  if (top < 0) return { left: 0, top: 0, width: 1, height: 1 };
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function cutPatch(frame: Uint8Array, stride: number, { left, top, width, height }: Patch): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * stride + left) * 3;
    pixels.set(frame.subarray(start, start + width * 3), row * width * 3);
  }
  return pixels;
}
