/** Number as an axis shows it: `12k`, `0.05`, `1e-7`. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6 && value % 1e5 === 0) return `${value / 1e6}M`;
  if (size >= 1e3 && value % 100 === 0) return `${value / 1e3}k`;
  if (size > 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  return String(Number(value.toPrecision(6)));
}
