import type { CogOptions } from "@graticule/data-geotiff";
import { classColors } from "./class-colors.js";
import type { WindowModel } from "./window-model.js";

/** How probabilities are stored, if at all. */
export type ProbabilityFormat = "uint8" | "float32" | "none";

type Stored = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** One of the files that a raster's scores become. */
export interface MapLayer {
  /** What the file is called, behind the raster's name. */
  readonly suffix: "classes" | "probabilities" | "values";
  readonly cog: Pick<CogOptions, "dtype" | "bandNames" | "nodata"> & Partial<CogOptions>;
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

/** The files of a model's outputs: the likeliest class and, unless left out, probabilities; or values as they are. */
export function mapLayers({ kind, names }: WindowModel["outputs"], format: ProbabilityFormat): MapLayer[] {
  if (kind === "values") return [floatLayer("values", names)];
  const layers = [classLayer(names)];
  if (format === "float32") layers.push(floatLayer("probabilities", names));
  if (format === "uint8") layers.push(scaledLayer(names));
  return layers;
}

function floatLayer(suffix: MapLayer["suffix"], names: readonly string[]): MapLayer {
  return {
    suffix,
    cog: { dtype: "float32", bandNames: names, nodata: NaN },
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

function classLayer(names: readonly string[]): MapLayer {
  const isWide = names.length > 255;
  const Stored = isWide ? Uint16Array : Uint8Array;
  const nodata = isWide ? 65_535 : 255;
  return {
    suffix: "classes",
    cog: {
      dtype: isWide ? "uint16" : "uint8",
      bandNames: ["class"],
      nodata,
      palette: classColors(names.length),
      resampling: "mode",
      metadata: Object.fromEntries(names.map((name, value) => [`CLASS_${value}`, name])),
    },
    bands: 1,
    itemBytes: Stored.BYTES_PER_ELEMENT,
    encode(values) {
      const cells = values.length / names.length;
      const classes = new Stored(cells);
      for (let cell = 0; cell < cells; cell++) {
        let best = 0;
        for (let output = 1; output < names.length; output++)
          if ((values[output * cells + cell] as number) > (values[best * cells + cell] as number)) best = output;
        classes[cell] = Number.isNaN(values[cell]) ? nodata : best;
      }
      return classes;
    },
    decode: (bytes) => new Stored(bytes.slice().buffer),
  };
}
