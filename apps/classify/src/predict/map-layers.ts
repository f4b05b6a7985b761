import { ConfigError } from "@graticule/core";
import type { CogOptions } from "@graticule/data-geotiff";
import { classColors } from "./class-colors.js";
import type { OutputMeaning } from "./output-meaning.js";

/** How probabilities are stored, if at all. */
export type ProbabilityFormat = "uint8" | "float32" | "none";

type Stored = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** One of the files that a raster's scores become. */
export interface MapLayer {
  /** What the file is called, behind the raster's name. */
  readonly suffix: "classes" | "probabilities" | "values";
  readonly cog: Pick<CogOptions, "dtype" | "bandNames" | "nodata"> & Partial<CogOptions>;
  /** Names of the stored numbers from 0 on, where they stand for classes. */
  readonly categories?: readonly string[];
  readonly bands: number;
  readonly itemBytes: number;
  /** Stores blended scores. Shape: `[outputs, cells]`, NaN without data → `[bands, cells]`. */
  encode(values: Float32Array): Stored;
  /** Reads what `encode` stored. */
  decode(bytes: Uint8Array<ArrayBuffer>): Stored;
}

/** Steps of 0.004 make 1 a whole number of them, with 255 to spare for no data. */
const PROBABILITY_SCALE = 0.004;
const NO_PROBABILITY = 255;

/**
 * The files of a model's scores: the likeliest class, where one is right, and probabilities unless left out; or values as they
 * are.
 *
 * @throws {ConfigError} if nothing is left, or a class has a number that no map can hold.
 */
export function mapLayers(meaning: OutputMeaning, format: ProbabilityFormat): MapLayer[] {
  if (meaning.kind === "values") return [floatLayer("values", meaning.names, meaning.unit)];
  const { activation, classNames, classValues = classNames.map((_, place) => place) } = meaning;
  const layers = activation === "softmax" ? [classLayer(classNames, classValues)] : [];
  if (format === "float32") layers.push(floatLayer("probabilities", classNames));
  if (format === "uint8") layers.push(scaledLayer(classNames));
  if (layers.length > 0) return layers;
  throw new ConfigError(
    "predict: expected probabilities uint8 or float32 of classes that may come together, got none. No map would be left.",
  );
}

function floatLayer(suffix: MapLayer["suffix"], names: readonly string[], unit?: string): MapLayer {
  return {
    suffix,
    cog: { dtype: "float32", bandNames: names, nodata: NaN, ...(unit !== undefined && { metadata: { UNIT: unit } }) },
    bands: names.length,
    itemBytes: 4,
    encode: (values) => values.slice(),
    decode: (bytes) => new Float32Array(bytes.slice().buffer),
  };
}

function scaledLayer(names: readonly string[]): MapLayer {
  return {
    suffix: "probabilities",
    cog: {
      dtype: "uint8",
      bandNames: names,
      nodata: NO_PROBABILITY,
      scales: names.map(() => PROBABILITY_SCALE),
      offsets: names.map(() => 0),
      resampling: "average",
    },
    bands: names.length,
    itemBytes: 1,
    encode: (values) =>
      Uint8Array.from(values, (value) =>
        Number.isNaN(value) ? NO_PROBABILITY : Math.round(Math.min(1, Math.max(0, value)) / PROBABILITY_SCALE),
      ),
    decode: (bytes) => bytes,
  };
}

function classLayer(names: readonly string[], values: readonly number[]): MapLayer {
  const highest = Math.max(...values);
  const isWide = highest >= 255;
  const nodata = isWide ? 65_535 : 255;
  if (highest >= nodata || !values.every((value) => Number.isInteger(value) && value >= 0))
    throw new ConfigError(`predict: expected classes with numbers from 0 to 65534, got ${values.join(", ")}.`);
  const Stored = isWide ? Uint16Array : Uint8Array;
  const colors = classColors(names.length);
  const byValue = Array.from({ length: highest + 1 }, (_, value) => values.indexOf(value));
  return {
    suffix: "classes",
    cog: {
      dtype: isWide ? "uint16" : "uint8",
      bandNames: ["class"],
      nodata,
      ...(!isWide && { palette: byValue.map((place) => colors[place] ?? ([0, 0, 0] as const)) }),
      resampling: "mode",
      metadata: Object.fromEntries(names.map((name, place) => [`CLASS_${values[place]}`, name])),
    },
    categories: byValue.map((place) => names[place] ?? ""),
    bands: 1,
    itemBytes: Stored.BYTES_PER_ELEMENT,
    encode(scores) {
      const cells = scores.length / names.length;
      const classes = new Stored(cells);
      for (let cell = 0; cell < cells; cell++) {
        let best = 0;
        for (let place = 1; place < names.length; place++)
          if ((scores[place * cells + cell] as number) > (scores[best * cells + cell] as number)) best = place;
        classes[cell] = Number.isNaN(scores[cell]) ? nodata : (values[best] as number);
      }
      return classes;
    },
    decode: (bytes) => new Stored(bytes.slice().buffer),
  };
}
