/** Makes a function of which no more than so many calls run at a time; others wait for their turn. */
export function atMost<Input, Output>(
  count: number,
  run: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  const turns: (() => void)[] = [];
  let running = 0;
  return async (input) => {
    if (running >= count) await new Promise<void>((resolve) => turns.push(resolve));
    else running += 1;
    try {
      return await run(input);
    } finally {
      // A call that waits takes over the place.
      const next = turns.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
