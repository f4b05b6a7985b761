import { writeNetcdf } from "@graticule/data-era5";

/** A wave that moves one column east in 6 h, and fades: known to a model, not to persistence. Two levels of z, and msl. */
export async function writeWave(path: string, times: number): Promise<void> {
  const [height, width] = [4, 8];
  const levels = [500, 850];
  const wave = (t: number, i: number, j: number) =>
    (i + 1) * Math.sin((2 * Math.PI * (j - t)) / width) + 0.3 * Math.sin(1.7 * t + i) + 0.1 * Math.cos(t * t + j);
  const at = (index: number): [number, number, number] => [
    Math.floor(index / (height * width)),
    Math.floor(index / width) % height,
    index % width,
  ];
  await writeNetcdf(path, {
    dimensions: { time: times, level: 2, latitude: height, longitude: width },
    variables: {
      time: {
        dims: ["time"],
        data: Float64Array.from({ length: times }, (_, t) => 6 * t),
        attributes: { units: "hours since 2020-01-01" },
      },
      level: { dims: ["level"], data: Float64Array.from(levels), attributes: { units: "hPa" } },
      latitude: {
        dims: ["latitude"],
        data: Float64Array.of(60, 20, -20, -60),
        attributes: { units: "degrees_north" },
      },
      longitude: {
        dims: ["longitude"],
        data: Float64Array.from({ length: width }, (_, j) => 45 * j),
        attributes: { units: "degrees_east" },
      },
      z: {
        dims: ["time", "level", "latitude", "longitude"],
        data: Float32Array.from({ length: times * 2 * height * width }, (_, index) => {
          const [block, i, j] = at(index);
          return 50_000 + 1000 * (block % 2) + 100 * wave(Math.floor(block / 2), i, j);
        }),
        attributes: { units: "m2 s-2" },
      },
      msl: {
        dims: ["time", "latitude", "longitude"],
        data: Float32Array.from({ length: times * height * width }, (_, index) => 1e5 + 200 * wave(...at(index))),
        attributes: { units: "Pa" },
      },
    },
  });
}
