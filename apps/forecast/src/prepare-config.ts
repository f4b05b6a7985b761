import { z } from "zod";

const day = z.union([z.int().min(0).max(9999).transform(String), z.string()]);
/** First time, and the first that is left out: `["1979", "2016"]` is 1979 to the end of 2015. */
const span = z.tuple([day, day]);
const channel = z.union([
  z.string(),
  z.strictObject({
    /** Name in the store. */
    name: z.string(),
    /** Name in the file. */
    variable: z.string(),
    /** The file's unit is converted to it; kept when absent. */
    unit: z.string().optional(),
    levelHpa: z.number().gt(0).optional(),
  }),
]);

const regridding = {
  method: z.enum(["bilinear", "nearest", "conservative"]).default("bilinear"),
  /** Share of a target's weight that may fall on missing values. */
  maxMissing: z.number().min(0).max(1).default(0),
  /** Folder that keeps the weights for the next run. */
  weights: z.string().optional(),
};

/** Everything that decides a store; files and `a.b=c` overrides are merged into one of these. */
export const prepareConfig = z.strictObject({
  /** Files, folders, zips or URLs of NetCDF, HDF5 or Zarr; `*` and `?` stand for files that continue each other in time. */
  sources: z.array(z.string()).min(1),
  /** Channels as z500 or t2m, lists as climax-48, dchag-80, dchag-84, or { name, variable, unit, levelHpa }. */
  channels: z.array(channel).min(1),
  /** Channels that don't change with time, as lsm, orography; lat2d and lon2d need no source. */
  staticChannels: z.array(channel).default([]),
  grid: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("source") }),
      z.strictObject({
        kind: z.literal("regular"),
        /** Rows and columns. */
        size: z.tuple([z.int().min(2), z.int().min(2)]),
        /** cell-centers as WeatherBench; at-poles as ERA5. */
        rows: z.enum(["cell-centers", "at-poles"]).default("cell-centers"),
        ...regridding,
      }),
      z.strictObject({
        /** Rows at the zeros of a Legendre polynomial, as spectral models and `simulate` have them. */
        kind: z.literal("gaussian"),
        /** Rows, an even number. */
        latitudes: z.int().min(2).multipleOf(2),
        /** Columns; twice the rows when absent. */
        longitudes: z.int().min(2).optional(),
        ...regridding,
      }),
    ])
    .default({ kind: "source" }),
  times: z
    .strictObject({
      from: day.optional(),
      /** First time that is left out. */
      to: day.optional(),
      /** Keeps whole multiples of this, counted from 1970-01-01 00:00. */
      stepHours: z.number().gt(0).optional(),
    })
    .prefault({}),
  /** float32; int16, packed between the extremes of each field; bf16, for fields that vary as much as they are large. */
  dtype: z.enum(["float32", "int16", "bf16"]).default("float32"),
  /** Spans of time by name; statistics are those of `train`. */
  splits: z.record(z.string(), span),
  /** A split ends this long before the next one begins, or longer if samples need it. */
  gapHours: z.number().min(0).default(0),
  /** Hours over which changes are measured. */
  tendencyHours: z.array(z.number().gt(0)).default([6]),
  /** Mean by day of the year and hour of the day; none when absent. */
  climatology: z
    .strictObject({
      /** Years to average; those of `train` when absent. */
      span: span.optional(),
      /** Source: WeatherBench 2, arXiv:2308.15560. */
      windowDays: z.int().min(1).default(61),
    })
    .optional(),
  /** Most memory for fields that are read at once. Units: MiB. */
  maxMemoryMB: z.number().gt(0).default(256),
});

export type PrepareConfig = z.output<typeof prepareConfig>;
