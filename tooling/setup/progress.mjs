/**
 * Runs steps in order and prints one line for each: `setup 3/6 LibTorch … found 2.13.0 (python)`.
 *
 * @param {readonly { title: string, run: () => Promise<string | { warning: string }> }[]} steps
 *   `run` returns what it found or did; a warning is printed even when quiet
 * @param {{ quiet: boolean, write?: (text: string) => void }} options
 */
export async function runSteps(steps, { quiet, write = (text) => process.stdout.write(text) }) {
  for (const [index, { title, run }] of steps.entries()) {
    const start = Date.now();
    const label = `setup ${index + 1}/${steps.length} ${title} … `;
    if (!quiet) write(label);
    try {
      const outcome = await run();
      const isWarning = typeof outcome !== "string";
      const seconds = (Date.now() - start) / 1000;
      const took = seconds >= 1 ? ` (${seconds.toFixed(0)} s)` : "";
      if (!quiet) write(`${isWarning ? outcome.warning : outcome}${took}\n`);
      else if (isWarning) write(`${label}${outcome.warning}\n`);
    } catch (error) {
      write(quiet ? `${label}failed\n` : "failed\n");
      throw error;
    }
  }
}
