import { run } from "./run.mjs";

/** How to run apt-get as root: a command prefix, or undefined where that needs a password or there is no apt-get. */
async function aptPrefix() {
  if (process.platform !== "linux" || !(await run("apt-get", ["--version"])).ok) return undefined;
  if (process.getuid?.() === 0) return [];
  return (await run("sudo", ["-n", "true"])).ok ? ["sudo", "-n"] : undefined;
}

/**
 * Installs Debian packages if this may be done without asking for a password.
 *
 * @param {...string} names
 * @returns {Promise<string | undefined>} why they were not installed; undefined if they were
 */
export async function installDebianPackages(...names) {
  const prefix = await aptPrefix();
  if (!prefix) return "apt-get is not there or needs a password";
  const apt = (...args) => {
    const [program, ...rest] = [
      ...prefix,
      "apt-get",
      "-o",
      "Acquire::Retries=1",
      "-o",
      "Acquire::http::Timeout=20",
      ...args,
    ];
    return run(program, rest, { env: { DEBIAN_FRONTEND: "noninteractive" } });
  };
  const install = () => apt("install", "--yes", "--no-install-recommends", ...names);
  if ((await install()).ok) return undefined;
  await apt("update");
  const { ok, output } = await install();
  return ok ? undefined : `apt-get could not install ${names.join(" ")}: ${output.trim().split("\n").at(-1)}`;
}
