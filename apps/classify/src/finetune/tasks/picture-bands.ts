import type { ChannelSchema } from "@graticule/data";

/** Middle of red, green and blue. Units: nm. */
const COLORS = [
  ["red", 660],
  ["green", 560],
  ["blue", 480],
] as const;

/** Channels to show as red, green and blue: by name or wavelength, else spread over all of them. */
export function pictureBands(schema: ChannelSchema): [red: number, green: number, blue: number] {
  const byName = COLORS.map(([name]) => schema.findIndex((channel) => channel.name.toLowerCase() === name));
  if (byName.every((band) => band >= 0)) return byName as [number, number, number];
  if (schema.every(({ wavelengthNm }) => wavelengthNm !== undefined))
    return COLORS.map(([, center]) => {
      const distances = schema.map(({ wavelengthNm = 0 }) => Math.abs(wavelengthNm - center));
      return distances.indexOf(Math.min(...distances));
    }) as [number, number, number];
  const last = schema.length - 1;
  return schema.length < 3 ? [0, 0, 0] : [last, Math.floor(last / 2), 0];
}
