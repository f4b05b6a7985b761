import { makeRandom } from "@graticule/core";
import { type Dataset, type DatasetSpec, type DirectReads, openDataset as openSamples } from "@graticule/data";
import { openDataset } from "@graticule/data-era5";
import { openRaster } from "@graticule/data-geotiff";

/** Windows of a raster at random places. Shape: `[C, size, size]`. */
export async function openRasterWindows(options: {
  readonly uri: string;
  readonly size: number;
  readonly count: number;
}): Promise<Dataset> {
  const { uri, size, count } = options;
  const raster = await openRaster(uri);
  const shape = [raster.bands, size, size] as const;
  async function readWindow(index: number, into?: Float32Array): Promise<Float32Array> {
    const random = makeRandom(0, "window", index);
    const [row, column] = [random.integer(raster.height - size + 1), random.integer(raster.width - size + 1)];
    return raster.readWindow({ row, column, height: size, width: size }, into);
  }
  return {
    length: count,
    schema: raster.bandNames.map((name) => ({ name })),
    read: async (index) => ({ pixels: await readWindow(index), shape, id: `${index}` }),
    direct: {
      shape,
      async readInto(index, pixels) {
        await readWindow(index, pixels);
        return { id: `${index}` };
      },
    },
  };
}

/** Time steps of gridded variables. Shape: `[V, H, W]`. */
export async function openTimeSlices(options: {
  readonly uri: string;
  readonly variables: readonly string[];
}): Promise<Dataset> {
  const { uri, variables } = options;
  const dataset = await openDataset(uri);
  const found = variables.map((name) => {
    const variable = dataset.variables.get(name);
    if (!variable) throw new RangeError(`expected a variable '${name}' in ${uri}, got none`);
    return variable;
  });
  const [length = 0, height = 0, width = 0] = found[0]?.shape ?? [];
  const plane = height * width;
  const shape = [found.length, height, width] as const;
  const readInto: DirectReads["readInto"] = async (time, pixels) => {
    for (const [position, variable] of found.entries()) {
      const place = pixels.subarray(position * plane, (position + 1) * plane);
      const { data } = await variable.read({ time }, place);
      if (data !== place) place.set(data);
    }
    return { id: `${time}` };
  };
  return {
    length,
    schema: variables.map((name) => ({ name })),
    async read(time) {
      const pixels = new Float32Array(found.length * plane);
      return { ...(await readInto(time, pixels)), pixels, shape };
    },
    direct: { shape, readInto },
  };
}

/** A dataset several times over, so that an epoch lasts long enough to be timed. */
export async function openRepeated(options: {
  readonly dataset: DatasetSpec;
  readonly repeats: number;
}): Promise<Dataset> {
  const inner = await openSamples(options.dataset);
  const { length, direct } = inner;
  return {
    ...inner,
    length: options.repeats * length,
    read: (index, draw) => inner.read(index % length, draw),
    ...(direct && {
      direct: { ...direct, readInto: (index, pixels, draw) => direct.readInto(index % length, pixels, draw) },
    }),
  };
}

/** Normal noise. */
export async function openNoise(options: {
  readonly length: number;
  readonly shape: readonly [number, number, number];
}): Promise<Dataset> {
  const { length, shape } = options;
  const size = shape.reduce((product, side) => product * side, 1);
  const random = makeRandom(0);
  const noise = Float32Array.from({ length: size }, () => random.normal());
  return {
    length,
    schema: Array.from({ length: shape[0] }, (_, index) => ({ name: `band ${index}` })),
    read: async (index) => ({ pixels: noise.map((value) => value + index), shape, id: `${index}` }),
  };
}
