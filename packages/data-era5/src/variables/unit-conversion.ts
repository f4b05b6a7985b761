/** New value = old value × scale + offset. */
export interface UnitConversion {
  readonly scale: number;
  readonly offset: number;
}

/** A unit as a factor on others: `hPa` is 100 Pa. */
const UNITS: Readonly<Record<string, readonly [unit: string, scale: number, offset?: number]>> = {
  degC: ["K", 1, 273.15],
  celsius: ["K", 1, 273.15],
  degree_Celsius: ["K", 1, 273.15],
  degrees_Celsius: ["K", 1, 273.15],
  kelvin: ["K", 1],
  degK: ["K", 1],
  hPa: ["Pa", 100],
  mbar: ["Pa", 100],
  mb: ["Pa", 100],
  millibar: ["Pa", 100],
  millibars: ["Pa", 100],
  kPa: ["Pa", 1000],
  km: ["m", 1000],
  mm: ["m", 1e-3],
  g: ["kg", 1e-3],
  meters: ["m", 1],
  metres: ["m", 1],
  gpm: ["m", 1],
  "%": ["1", 0.01],
  percent: ["1", 0.01],
  "(0 - 1)": ["1", 1],
  "~": ["1", 1],
  dimensionless: ["1", 1],
  degreeN: ["degrees_north", 1],
  degreeE: ["degrees_east", 1],
};

/**
 * How to turn numbers in one unit into numbers in another; `undefined` where they measure different things or a unit is
 * unknown. Exponents may be written `m2 s-2`, `m**2 s**-2`, `m^2/s^2`.
 */
export function unitConversion(from: string, to: string): UnitConversion | undefined {
  const [a, b] = [reduce(from), reduce(to)];
  if (a.dimensions !== b.dimensions) return undefined;
  return { scale: a.scale / b.scale, offset: (a.offset - b.offset) / b.scale };
}

/** A unit as a product of powers of base units. */
function reduce(text: string): UnitConversion & { readonly dimensions: string } {
  const trimmed = text.trim();
  const alone = Object.hasOwn(UNITS, trimmed) ? UNITS[trimmed] : undefined;
  if (alone) return { dimensions: alone[0] === "1" ? "" : `${alone[0]}^1`, scale: alone[1], offset: alone[2] ?? 0 };
  const powers = new Map<string, number>();
  let scale = 1;
  let sign = 1;
  for (const token of trimmed.replace(/\*\*|\^/g, "^").split(/\s+|(\/)|\.(?=\D)/)) {
    if (!token) continue;
    if (token === "/") {
      sign = -1;
      continue;
    }
    const [, symbol = token, exponent = "1"] = /^(.*?[^\d^+-])\^?([+-]?\d+)?$/.exec(token) ?? [];
    const [base, factor] = (Object.hasOwn(UNITS, symbol) ? UNITS[symbol] : undefined) ?? [symbol, 1];
    const power = sign * Number(exponent);
    sign = 1;
    scale *= factor ** power;
    if (base !== "1") powers.set(base, (powers.get(base) ?? 0) + power);
  }
  const dimensions = [...powers]
    .filter(([, power]) => power !== 0)
    .map(([base, power]) => `${base}^${power}`)
    .sort()
    .join(" ");
  return { dimensions, scale, offset: 0 };
}
