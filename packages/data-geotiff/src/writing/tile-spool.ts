import { type FileHandle, open } from "node:fs/promises";

const RUN_BYTES = 2 ** 23;

/** Encoded tiles of one level in a scratch file, each between its length and its last four bytes. */
export interface TileSpool {
  /** Starts to store a tile once its bytes are there; resolves when as little is under way as memory allows. */
  append(tile: number, bytes: Promise<Uint8Array>): Promise<void>;
  /** Waits for all. @throws what went wrong while tiles were stored. */
  flush(): Promise<void>;
  /** Length of each tile; 0 for one that was never written. Units: bytes. */
  readonly byteCounts: Float64Array;
  /** Bytes that `copyTo` writes. */
  totalBytes(): number;
  /** Copies the tiles in order; `offsets` gets where each begins in the target. */
  copyTo(target: FileHandle, position: number, offsets: Float64Array): Promise<void>;
  close(): Promise<void>;
}

/** Bytes around a tile: its length before, its last four bytes again behind. */
export const FRAME_BYTES = 8;

/** Tiles that may be compressed at once: the pool behind zlib has four threads. */
const MAX_UNDER_WAY = 8;

export async function openTileSpool(path: string, tiles: number): Promise<TileSpool> {
  const file = await open(path, "wx+");
  const places = new Float64Array(tiles);
  const byteCounts = new Float64Array(tiles);
  let end = 0;
  let failure: unknown;
  const underWay: Promise<void>[] = [];
  let last = Promise.resolve();

  async function store(tile: number, bytes: Uint8Array): Promise<void> {
    const framed = new Uint8Array(bytes.length + FRAME_BYTES);
    new DataView(framed.buffer).setUint32(0, bytes.length, true);
    framed.set(bytes, 4);
    framed.set(bytes.subarray(bytes.length - 4), bytes.length + 4);
    const place = end;
    end += framed.length;
    places[tile] = place;
    byteCounts[tile] = bytes.length;
    await writeFully(file, framed, place);
  }

  async function append(tile: number, bytes: Promise<Uint8Array>): Promise<void> {
    if (failure !== undefined) throw failure;
    // In the order of the calls, so that the scratch file reads from front to back in the end.
    last = Promise.all([last, bytes]).then(([, ready]) => store(tile, ready));
    last = last.catch((error) => {
      failure ??= error;
    });
    underWay.push(last);
    if (underWay.length > MAX_UNDER_WAY) await underWay.shift();
  }

  async function flush(): Promise<void> {
    await last;
    if (failure !== undefined) throw failure;
  }

  const totalBytes = (): number => end;

  async function copyTo(target: FileHandle, position: number, offsets: Float64Array): Promise<void> {
    const buffer = new Uint8Array(RUN_BYTES);
    let to = position;
    let runStart = 0;
    let runBytes = 0;
    async function copyRun(): Promise<void> {
      for (let done = 0; done < runBytes; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(RUN_BYTES, runBytes - done), runStart + done);
        if (bytesRead === 0)
          throw new Error(
            `${path}: expected ${runBytes} bytes at ${runStart}, got ${done}. The scratch file changed while it was read.`,
          );
        await writeFully(target, buffer.subarray(0, bytesRead), to);
        done += bytesRead;
        to += bytesRead;
      }
      runBytes = 0;
    }
    for (let tile = 0; tile < tiles; tile++) {
      const bytes = byteCounts[tile] as number;
      if (bytes === 0) continue;
      const place = places[tile] as number;
      if (place !== runStart + runBytes) {
        await copyRun();
        runStart = place;
      }
      offsets[tile] = to + runBytes + 4;
      runBytes += bytes + FRAME_BYTES;
    }
    await copyRun();
  }

  return { append, flush, byteCounts, totalBytes, copyTo, close: () => file.close() };
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
