type Rgb = readonly [red: number, green: number, blue: number];

/** Colors that are told apart side by side; of land covers the first few. Source: Tol 2021, "muted" and "bright" schemes. */
const COLORS: readonly Rgb[] = [
  [204, 102, 119],
  [34, 136, 51],
  [221, 204, 119],
  [51, 34, 136],
  [136, 204, 238],
  [170, 68, 153],
  [238, 119, 51],
  [0, 153, 136],
  [153, 153, 51],
  [102, 37, 6],
  [0, 119, 187],
  [136, 34, 85],
];

/** A color for each of so many classes; beyond the listed ones hues follow at the golden angle. Units: 0 to 255. */
export function classColors(count: number): Rgb[] {
  return Array.from({ length: count }, (_, index) => COLORS[index] ?? fromHue((index * 137.508) % 360, index % 3));
}

function fromHue(hue: number, shade: number): Rgb {
  const [low, high] = [40 + 40 * shade, 150 + 50 * shade];
  const channel = (offset: number): number => {
    const k = (offset + hue / 60) % 6;
    return Math.round(low + (high - low) * Math.max(0, Math.min(1, Math.min(k, 4 - k))));
  };
  return [channel(5), channel(3), channel(1)];
}
