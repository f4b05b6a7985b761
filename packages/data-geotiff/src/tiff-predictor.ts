/**
 * Undoes horizontal differencing (TIFF predictor 2) in place, row by row.
 *
 * @param values the block's samples in native byte order. @param stride samples from one pixel to the next.
 */
export function undoHorizontalDifferences(
  values: Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array,
  rowLength: number,
  stride: number,
): void {
  for (let row = 0; row + rowLength <= values.length; row += rowLength)
    for (let index = row + stride; index < row + rowLength; index++)
      values[index] = (values[index] as number) + (values[index - stride] as number);
}

/**
 * Undoes the floating-point predictor (3) in place: bytes are differenced and stored as planes, most significant
 * first. The result is little-endian whatever the file's byte order. Source: Adobe TIFF Technical Note 3 (2005).
 */
export function undoFloatPredictor(bytes: Uint8Array, rowLength: number, stride: number, sampleBytes: number): void {
  const rowBytes = rowLength * sampleBytes;
  for (let row = 0; row + rowBytes <= bytes.length; row += rowBytes) {
    for (let index = row + stride; index < row + rowBytes; index++)
      bytes[index] = (bytes[index] as number) + (bytes[index - stride] as number);
    const planes = bytes.slice(row, row + rowBytes);
    for (let sample = 0; sample < rowLength; sample++)
      for (let byte = 0; byte < sampleBytes; byte++)
        bytes[row + sample * sampleBytes + byte] = planes[(sampleBytes - 1 - byte) * rowLength + sample] as number;
  }
}
