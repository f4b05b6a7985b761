import { copyPlainData, isPlainObject, type PlainData } from "./plain-data.js";

const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/**
 * Names a config by 16 hex digits that don't depend on the order of its keys; not for security.
 *
 * Source: FNV-1a, 64 bits (draft-eastlake-fnv), over the UTF-8 bytes of the config as JSON with sorted keys.
 *
 * @throws {ConfigError} if the config holds anything but plain data.
 */
export function configFingerprint(config: unknown): string {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(canonicalJson(copyPlainData(config, "configFingerprint"))))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash.toString(16).padStart(16, "0");
}

function canonicalJson(value: PlainData): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isPlainObject(value)) return typeof value === "number" ? String(value) : JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as PlainData)}`);
  return `{${entries.join(",")}}`;
}
