/** Red, green and blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** Turns hues by the golden angle, so that any number of neighbors in the list stay apart. Units: degrees. */
const GOLDEN_ANGLE = 137.508;
/** Saturation and lightness, by turns. */
const SHADES = [
  [0.65, 0.5],
  [0.5, 0.35],
  [0.75, 0.7],
] as const;

/** Colors that tell classes apart on a map, the same for the same place in the list. */
export function classColors(count: number): Color[] {
  return Array.from({ length: count }, (_, index) => {
    const [saturation, lightness] = SHADES[index % SHADES.length] as (typeof SHADES)[0];
    return fromHsl((index * GOLDEN_ANGLE) % 360, saturation, lightness);
  });
}

/** Source: CSS Color Module Level 4, section 7.1. */
function fromHsl(hue: number, saturation: number, lightness: number): Color {
  const channel = (offset: number): number => {
    const place = (offset + hue / 30) % 12;
    const chroma = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(place - 3, 9 - place, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
