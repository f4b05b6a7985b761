/** Decodes one Zstandard frame of `contentBytes` bytes, or fewer. */
export type ZstdDecoder = (bytes: Uint8Array, contentBytes: number) => Uint8Array;

let decoder: Promise<ZstdDecoder> | undefined;

/** Loads the decoder at first use. Node has one of its own only from version 22.15 on. */
export function loadZstd(): Promise<ZstdDecoder> {
  decoder ??= (async () => {
    const { ZSTDDecoder } = await import("zstddec");
    const wasm = new ZSTDDecoder();
    await wasm.init();
    return (bytes, contentBytes) => wasm.decode(bytes, contentBytes);
  })();
  return decoder;
}

/**
 * Decodes a Zstandard frame into at most `maxBytes` bytes.
 *
 * @throws {Error} if it is corrupt or longer.
 */
export async function decodeZstd(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const decode = await loadZstd();
  const result = decode(bytes, Math.max(1, maxBytes));
  if (result.length === 0 && maxBytes > 0) throw new Error("a broken Zstandard frame");
  return result;
}
