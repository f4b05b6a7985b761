type Integers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array;

/**
 * Undoes horizontal differencing (TIFF predictor 2) in place, row by row.
 *
 * @param values the block's samples in native byte order. @param stride samples from one pixel to the next.
 */
export function undoHorizontalDifferences(values: Integers, rowLength: number, stride: number): void {
  // Sums wrap around in arrays of any integer type.
  const samples = values as Uint16Array;
  for (let row = 0; row + rowLength <= samples.length; row += rowLength) {
    const end = row + rowLength;
    if (stride === 1) {
      let sum = samples[row] as number;
      for (let index = row + 1; index < end; index++) {
        sum += samples[index] as number;
        samples[index] = sum;
        sum = samples[index] as number;
      }
    } else
      for (let index = row + stride; index < end; index++)
        samples[index] = (samples[index] as number) + (samples[index - stride] as number);
  }
}

/**
 * Undoes the floating-point predictor (3) in place: bytes are differenced and stored as planes, most significant
 * first. The result is little-endian whatever the file's byte order. Source: Adobe TIFF Technical Note 3 (2005).
 */
export function undoFloatPredictor(bytes: Uint8Array, rowLength: number, stride: number, sampleBytes: number): void {
  const rowBytes = rowLength * sampleBytes;
  const planes = new Uint8Array(rowBytes);
  const words = sampleBytes === 4 ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) : undefined;
  for (let row = 0; row + rowBytes <= bytes.length; row += rowBytes) {
    for (let index = 0; index < stride; index++) planes[index] = bytes[row + index] as number;
    for (let index = stride; index < rowBytes; index++)
      planes[index] = (bytes[row + index] as number) + (planes[index - stride] as number);
    if (words) joinWords(planes, words, row / 4, rowLength);
    else
      for (let sample = 0; sample < rowLength; sample++)
        for (let byte = 0; byte < sampleBytes; byte++)
          bytes[row + sample * sampleBytes + byte] = planes[(sampleBytes - 1 - byte) * rowLength + sample] as number;
  }
}

function joinWords(planes: Uint8Array, words: Uint32Array, first: number, count: number): void {
  const [second, third, fourth] = [count, 2 * count, 3 * count];
  for (let sample = 0; sample < count; sample++)
    words[first + sample] =
      ((planes[sample] as number) << 24) |
      ((planes[second + sample] as number) << 16) |
      ((planes[third + sample] as number) << 8) |
      (planes[fourth + sample] as number);
}
