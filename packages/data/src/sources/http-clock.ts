/** Time and chance, as retries need them; tests put their own in place. */
export interface HttpClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back after a while unless the function returned is called before. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
}

export const systemClock: HttpClock = {
  now: Date.now,
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
