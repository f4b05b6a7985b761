let depth = 0;

/** Whether `initialize` leaves values to be drawn at their first use. */
export function isInitializationDeferred(): boolean {
  return depth > 0;
}

/**
 * Runs code that builds and initializes models, whose parameters then draw their first values when they are first used:
 * a process that keeps slices of a model, or a part of its modules, never holds the whole.
 */
export function deferInitialization<T>(build: () => T): T {
  depth++;
  try {
    return build();
  } finally {
    depth--;
  }
}
