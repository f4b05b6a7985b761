/** Keeps what was loaded last, up to a number of bytes; what is asked for again while it loads is loaded once. */
export interface ChunkCache<Value> {
  /** The value of `key`, loaded now unless it is kept. `bytes`: its size, for the limit. */
  get(key: string, bytes: number, load: () => Promise<Value>): Promise<Value>;
}

export function makeChunkCache<Value>(maxBytes: number): ChunkCache<Value> {
  const entries = new Map<string, { readonly bytes: number; readonly value: Promise<Value> }>();
  let held = 0;
  return {
    get(key, bytes, load) {
      const known = entries.get(key);
      if (known !== undefined) {
        entries.delete(key); // Now the one used last.
        entries.set(key, known);
        return known.value;
      }
      const value = load();
      if (bytes > maxBytes) return value;
      entries.set(key, { bytes, value });
      held += bytes;
      for (const [oldest, { bytes: freed }] of entries) {
        if (held <= maxBytes) break;
        entries.delete(oldest);
        held -= freed;
      }
      value.catch(() => {
        if (entries.get(key)?.value !== value) return;
        entries.delete(key);
        held -= bytes;
      });
      return value;
    },
  };
}

/** A part of a cache, with keys of its own. */
export function scopeCache<Value>(cache: ChunkCache<Value>, scope: string): ChunkCache<Value> {
  return { get: (key, bytes, load) => cache.get(`${scope}\0${key}`, bytes, load) };
}
