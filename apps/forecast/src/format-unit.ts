const SUPERSCRIPTS: Readonly<Record<string, string>> = {
  ...{ "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴" },
  ...{ "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹" },
};

/** Writes a unit as it is read: `m s**-1` and `m s-1` become `m s⁻¹`. A number that stands alone stays. */
export function formatUnit(unit: string): string {
  return unit.replace(/(?<=[A-Za-z])(?:\*\*|\^)?(-?\d+)/g, (_, exponent: string) =>
    Array.from(exponent, (letter) => SUPERSCRIPTS[letter]).join(""),
  );
}
