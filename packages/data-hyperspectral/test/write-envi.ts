/** ENVI's data types by number, with their writers. */
const WRITERS: Readonly<
  Record<number, readonly [bytes: number, (view: DataView, at: number, value: number, little: boolean) => void]>
> = {
  1: [1, (view, at, value) => view.setUint8(at, value)],
  2: [2, (view, at, value, little) => view.setInt16(at, value, little)],
  3: [4, (view, at, value, little) => view.setInt32(at, value, little)],
  4: [4, (view, at, value, little) => view.setFloat32(at, value, little)],
  5: [8, (view, at, value, little) => view.setFloat64(at, value, little)],
  12: [2, (view, at, value, little) => view.setUint16(at, value, little)],
  13: [4, (view, at, value, little) => view.setUint32(at, value, little)],
  14: [8, (view, at, value, little) => view.setBigInt64(at, BigInt(value), little)],
  15: [8, (view, at, value, little) => view.setBigUint64(at, BigInt(value), little)],
};

export interface TestCube {
  readonly height: number;
  readonly width: number;
  readonly bands: number;
  readonly dataType: number;
  readonly interleave: "bsq" | "bil" | "bip";
  readonly bigEndian?: boolean;
  readonly offset?: number;
  readonly value: (row: number, column: number, band: number) => number;
  /** More lines of the header. */
  readonly fields?: string;
}

/** Writes an ENVI cube: the bytes of its header and data. */
export function writeEnvi(cube: TestCube): { header: string; data: Uint8Array } {
  const { height, width, bands, dataType, interleave, bigEndian = false, offset = 0, value, fields = "" } = cube;
  const [bytes, write] = WRITERS[dataType] as (typeof WRITERS)[1];
  const data = new Uint8Array(offset + height * width * bands * bytes);
  const view = new DataView(data.buffer);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let band = 0; band < bands; band++) {
        const at = {
          bsq: (band * height + row) * width + column,
          bil: (row * bands + band) * width + column,
          bip: (row * width + column) * bands + band,
        }[interleave];
        write(view, offset + at * bytes, value(row, column, band), !bigEndian);
      }
  const header = `ENVI\nsamples = ${width}\nlines = ${height}\nbands = ${bands}\nheader offset = ${offset}\ndata type = ${dataType}\ninterleave = ${interleave}\nbyte order = ${bigEndian ? 1 : 0}\n${fields}`;
  return { header, data };
}
