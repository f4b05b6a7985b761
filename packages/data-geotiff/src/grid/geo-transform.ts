/** `[originX, pixelWidth, rowRotation, originY, columnRotation, pixelHeight]`, GDAL's order; pixelHeight is negative where north is up. */
export type GeoTransform = readonly [
  originX: number,
  pixelWidth: number,
  rowRotation: number,
  originY: number,
  columnRotation: number,
  pixelHeight: number,
];

/** Coordinates of a place in a grid; whole columns and rows are pixels' upper left corners. */
export function toMap(transform: GeoTransform, column: number, row: number): readonly [x: number, y: number] {
  const [originX, pixelWidth, rowRotation, originY, columnRotation, pixelHeight] = transform;
  return [originX + column * pixelWidth + row * rowRotation, originY + column * columnRotation + row * pixelHeight];
}

/**
 * The transform from coordinates back to `(column, row)`: apply it with `toMap`.
 *
 * @throws {RangeError} if the transform maps everything to a line.
 */
export function invertTransform(transform: GeoTransform): GeoTransform {
  const [originX, a, b, originY, c, d] = transform;
  const determinant = a * d - b * c;
  if (!Number.isFinite(1 / determinant))
    throw new RangeError(
      `invertTransform: expected pixels of a size above zero, got ${a}, ${b}, ${c}, ${d}. Check the georeference.`,
    );
  const [e, f, g, h] = [d / determinant, -b / determinant, -c / determinant, a / determinant];
  return [-(e * originX + f * originY), e, f, -(g * originX + h * originY), g, h];
}

/** The transform of a grid whose pixels are `factorX` by `factorY` of these. */
export function scaleTransform(transform: GeoTransform, factorX: number, factorY: number): GeoTransform {
  const [originX, width, rowRotation, originY, columnRotation, height] = transform;
  return [originX, width * factorX, rowRotation * factorY, originY, columnRotation * factorX, height * factorY];
}

/** The transform of the part of a grid that starts at a pixel. */
export function offsetTransform(transform: GeoTransform, column: number, row: number): GeoTransform {
  const [x, y] = toMap(transform, column, row);
  return [x, transform[1], transform[2], y, transform[4], transform[5]];
}
