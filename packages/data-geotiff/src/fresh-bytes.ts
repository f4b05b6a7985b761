/** Memory that isn't cleared first, aligned for every sample type: for what is filled at once. */
export function freshBytes(length: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
}
