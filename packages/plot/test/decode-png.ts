import { inflateSync } from "node:zlib";

export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** Channels of pixel (x, y). */
  pixel(x: number, y: number): number[];
}

/** Reads an 8-bit RGB or RGBA PNG by the book, apart from the encoder that it tests. */
export function decodePng(file: Uint8Array): DecodedPng {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [width, height, colorType] = [view.getUint32(16), view.getUint32(20), file[25]];
  const channels = colorType === 6 ? 4 : 3;
  const parts: Uint8Array[] = [];
  for (let at = 8; at < file.length; at += view.getUint32(at) + 12)
    if (String.fromCharCode(...file.subarray(at + 4, at + 8)) === "IDAT")
      parts.push(file.subarray(at + 8, at + 8 + view.getUint32(at)));
  const rows = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const pixels = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const left = i >= channels ? (pixels[y * stride + i - channels] as number) : 0;
      const up = y > 0 ? (pixels[(y - 1) * stride + i] as number) : 0;
      const corner = y > 0 && i >= channels ? (pixels[(y - 1) * stride + i - channels] as number) : 0;
      const guess = left + up - corner;
      const [dl, du, dc] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      const paeth = dl <= du && dl <= dc ? left : du <= dc ? up : corner;
      const added = [0, left, up, Math.floor((left + up) / 2), paeth][filter as number] as number;
      pixels[y * stride + i] = (rows[y * (stride + 1) + 1 + i] as number) + added;
    }
  }
  return {
    width,
    height,
    pixel: (x, y) => [...pixels.subarray(y * stride + x * channels, y * stride + (x + 1) * channels)],
  };
}
