import { searchMpi } from "../../packages/mpi/scripts/find-mpi.mjs";
import { readStamp, writeStamp } from "./stamps.mjs";
import { installDebianPackages } from "./system-packages.mjs";

const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** What it costs to have no MPI, and how to get it: one line. */
export const WITHOUT_MPI =
  "none: runs use one rank; to train on several, `apt-get install libopenmpi-dev openmpi-bin` or load your cluster's MPI " +
  "module, then `npm run setup -- --retry`";

const debianPackages = { openmpi: ["libopenmpi-dev", "openmpi-bin"], mpich: ["libmpich-dev", "mpich"] };

/**
 * Finds the machine's MPIs; where there is none, installs Open MPI from Debian. `GRATICULE_SETUP_MPI=both` installs
 * Open MPI and MPICH, `none` looks for none.
 *
 * @param {{ retry: boolean }} options `retry`: try again although it failed within the last day
 * @returns {Promise<{ found: import("../../packages/mpi/scripts/find-mpi.mjs").Mpi[], reason?: string }>}
 *   `reason`: why one that was wanted is not there
 */
export async function getMpi({ retry }) {
  const wish = process.env.GRATICULE_SETUP_MPI;
  if (wish === "none") return { found: [], reason: "GRATICULE_SETUP_MPI is none" };
  const { found, reasons } = searchMpi();
  const missing = missingMpis(found, wish);
  if (missing.length === 0) return { found };
  if (process.env.GRATICULE_MPI || process.env.MPICXX) return { found, reason: reasons.join("; ") };
  const failed = readStamp("mpiFailed");
  if (!retry && failed && Date.now() - failed.time < RETRY_AFTER_MS) return { found, reason: failed.reason };
  let reason;
  for (const name of missing) reason = (await installDebianPackages(...debianPackages[name])) ?? reason;
  const installed = searchMpi().found;
  if (missingMpis(installed, wish).length === 0) return { found: installed };
  writeStamp("mpiFailed", { reason, time: Date.now() });
  return { found: installed, reason };
}

function missingMpis(found, wish) {
  const isThere = (name) => found.some(({ implementation }) => implementation === name);
  if (wish === "both") return Object.keys(debianPackages).filter((name) => !isThere(name));
  return found.length > 0 ? [] : ["openmpi"];
}
