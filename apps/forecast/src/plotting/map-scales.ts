import { quantile } from "@graticule/eval";
import { type ColorScale, fitColorScale } from "@graticule/plot";

/** Share of values at either end that get the end colors, so that a few peaks don't leave all else in one color. */
const CLIPPED = 0.005;
/** A field with at least this share of values on either side of 0 is one of both signs, such as wind or vorticity. */
const SIGNED = 0.1;

/** Scales that all maps of one channel share: diverging for fields of both signs and for errors. */
export function mapScales(frames: readonly { readonly truth: Float32Array; readonly forecast: Float32Array }[]): {
  readonly scale: ColorScale;
  readonly errorScale: ColorScale;
} {
  const errors = frames.map(({ truth, forecast }) => forecast.map((value, cell) => value - (truth[cell] as number)));
  const [truth, error] = [frames.map((frame) => frame.truth), errors].map(sortedValues) as [Float64Array, Float64Array];
  const isSigned = quantile(truth, SIGNED) < 0 && quantile(truth, 1 - SIGNED) > 0;
  const ends = (values: Float64Array): Float32Array[] => [
    Float32Array.of(quantile(values, CLIPPED), quantile(values, 1 - CLIPPED)),
  ];
  return {
    scale: fitColorScale(ends(truth), isSigned ? "diverging" : "sequential"),
    errorScale: fitColorScale(ends(error), "diverging"),
  };
}

function sortedValues(fields: readonly Float32Array[]): Float64Array {
  return Float64Array.from(fields.flatMap((field) => Array.from(field).filter(Number.isFinite))).sort();
}
