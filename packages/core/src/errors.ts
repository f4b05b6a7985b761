/**
 * Writes an error message in the one form that Graticule uses: `where: expected X, got Y. What to do.`
 */
export function expectation(where: string, expected: string, got: string, advice?: string): string {
  return `${where}: expected ${expected}, got ${got}.${advice ? ` ${advice}` : ""}`;
}

/** Base of every error that a caller may want to react to; `code` never changes between versions. */
export class GraticuleError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Thrown when a tensor's shape or dtype does not fit the layer, op or file it meets. */
export class ShapeError extends GraticuleError {
  constructor(where: string, expected: string, got: string, advice?: string) {
    super("GRATICULE_SHAPE", expectation(where, expected, got, advice));
  }
}

/** Thrown when a configuration is unreadable, has unknown keys or values out of range. */
export class ConfigError extends GraticuleError {
  constructor(message: string, options?: ErrorOptions) {
    super("GRATICULE_CONFIG", message, options);
  }
}

/** Thrown when a file's bytes are not what its format promises: truncated, empty, corrupt or hostile. */
export class FormatError extends GraticuleError {
  readonly path: string;

  constructor(path: string, expected: string, got: string, advice?: string, options?: ErrorOptions) {
    super("GRATICULE_FORMAT", expectation(path, expected, got, advice), options);
    this.path = path;
  }
}

/** Thrown when stored data and the run disagree: channel schema, parameter names, configuration. */
export class MismatchError extends GraticuleError {
  constructor(where: string, expected: string, got: string, advice?: string) {
    super("GRATICULE_MISMATCH", expectation(where, expected, got, advice));
  }
}

/** Thrown when something outside npm (LibTorch, MPI, a browser) is needed and not there; the message says how to get it. */
export class MissingDependencyError extends GraticuleError {
  readonly dependency: string;

  constructor(dependency: string, message: string, options?: ErrorOptions) {
    super("GRATICULE_MISSING_DEPENDENCY", message, options);
    this.dependency = dependency;
  }
}

/** Thrown when a loss or gradient stops being finite; names the step and the parameter. */
export class NonFiniteError extends GraticuleError {
  readonly step: number;

  constructor(step: number, message: string) {
    super("GRATICULE_NON_FINITE", message);
    this.step = step;
  }
}
