/** Bytes that can be read by ranges: a file, or an object behind HTTP. */
export interface ByteSource {
  /** Path or URL, as messages name it. */
  readonly uri: string;
  /** Size of the whole. Units: bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @throws {FormatError} naming `what`, before memory is taken, if the range leaves the source.
   */
  read(offset: number, length: number, what: string): Promise<Uint8Array>;
  close(): Promise<void>;
}
