// Prints who it is; the argument is the number of ranks asked for. With a second one it waits for a signal.
import { gatherPlacements, openRanks } from "../../src/index.js";

const [ranks, waits] = process.argv.slice(2);
const stopped = new Promise((resolve) => process.on("SIGUSR2", resolve).on("SIGTERM", resolve));
const opened = await openRanks({ timeoutSeconds: 60, ...(ranks !== undefined && { ranks: Number(ranks) }) });
if ("world" in opened) {
  const { world } = opened;
  const places = gatherPlacements(world, (localRank) => `device ${localRank}`);
  if (world.rank === 0) process.stdout.write(`${JSON.stringify(places)}\n`);
  if (waits) {
    const alive = setInterval(() => {}, 1000);
    await stopped;
    clearInterval(alive);
    process.stdout.write(`rank ${world.rank} was asked to stop\n`);
  }
} else process.exitCode = opened.exitCode;
