type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The fields that have a value, so that those without one do not override a preset. */
export function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
