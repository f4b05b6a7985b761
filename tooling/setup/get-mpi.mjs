import { searchMpi } from "../../packages/mpi/scripts/find-mpi.mjs";
import { readStamp, writeStamp } from "./stamps.mjs";
import { installDebianPackages } from "./system-packages.mjs";

const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** What it costs to have no MPI, and how to get it: one line. */
export const WITHOUT_MPI =
  "none: runs use one rank; to train on several, `apt-get install libopenmpi-dev openmpi-bin` or load your cluster's MPI " +
  "module, then `npm run setup -- --retry`";

/**
 * Finds the machine's MPIs, or installs Open MPI from Debian. `GRATICULE_SETUP_MPI=none` looks for none.
 *
 * @param {{ retry: boolean }} options `retry`: try again although it failed within the last day
 * @returns {Promise<{ found: import("../../packages/mpi/scripts/find-mpi.mjs").Mpi[], reason?: string }>}
 */
export async function getMpi({ retry }) {
  if (process.env.GRATICULE_SETUP_MPI === "none") return { found: [], reason: "GRATICULE_SETUP_MPI is none" };
  const { found, reasons } = searchMpi();
  if (found.length > 0) return { found };
  if (process.env.GRATICULE_MPI || process.env.MPICXX) return { found, reason: reasons.join("; ") };
  const failed = readStamp("mpiFailed");
  if (!retry && failed && Date.now() - failed.time < RETRY_AFTER_MS) return { found, reason: failed.reason };
  const reason = await installDebianPackages("libopenmpi-dev", "openmpi-bin");
  const installed = searchMpi().found;
  if (installed.length > 0) return { found: installed };
  writeStamp("mpiFailed", { reason, time: Date.now() });
  return { found: [], reason };
}
