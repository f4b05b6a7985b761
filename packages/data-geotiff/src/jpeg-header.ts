/** A JPEG's size and kind, named as sharp's `metadata` names them. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: "uchar";
  readonly space: "b-w" | "srgb";
}

const [START_OF_IMAGE, MARKER, APP14] = [0xffd8, 0xff, 0xee];
/** Frame headers: baseline, extended and progressive of Huffman coding, which is what decoders know. */
const FRAMES = [0xc0, 0xc1, 0xc2];

/**
 * Reads the frame header of a JPEG of gray or YCbCr pixels, 8 bits each, without decoding; undefined for anything else,
 * also for one whose Adobe marker may say that colors are stored otherwise.
 *
 * Source: ITU-T T.81, B.1.1.4 and B.2.2.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== START_OF_IMAGE) return undefined;
  for (let at = 2; at + 10 <= bytes.length; ) {
    const code = bytes[at + 1] as number;
    if (bytes[at] !== MARKER || code < 0xc0 || (code >= 0xd0 && code <= 0xda) || code === APP14) return undefined;
    if (FRAMES.includes(code)) {
      const [precision, height, width] = [bytes[at + 4], view.getUint16(at + 5), view.getUint16(at + 7)];
      const components = bytes[at + 9];
      if (precision !== 8 || width === 0 || height === 0 || (components !== 1 && components !== 3)) return undefined;
      return { width, height, depth: "uchar", space: components === 1 ? "b-w" : "srgb" };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
