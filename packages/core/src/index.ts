/**
 * What every Graticule package stands on.
 *
 * ```ts
 * import { makeRandom } from "@graticule/core";
 * const order = makeRandom(42, "shuffle", epoch).permutation(dataset.length);
 * ```
 */
export { crc32, crc32c } from "./crc32.js";
export {
  ConfigError,
  expectation,
  FormatError,
  GraticuleError,
  MismatchError,
  MissingDependencyError,
  NonFiniteError,
  ShapeError,
} from "./errors.js";
export { type Logger, type LogLevel, makeLogger, silentLogger } from "./logger.js";
export { compilePathPattern, selectPaths } from "./path-pattern.js";
export { makeRandom, philox4x32, type Random } from "./random.js";
export { formatBytes, formatDuration } from "./units.js";
