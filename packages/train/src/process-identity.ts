import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process among all that were ever started on some machines. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of this start of the machine, and its process ids: those of one container are not those of another. */
  readonly machine: string;
  /** When it was started, in the system's ticks: ids are used again. Empty where the system doesn't tell. */
  readonly started: string;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), machine: machine(), started: startOf(process.pid) };
}

/** Whether a process is there, a stopped one included; undefined for those that can't be seen from here. */
export function isRunning({ pid, host, machine: theirs, started }: ProcessIdentity): boolean | undefined {
  if (host !== hostname() || theirs !== machine()) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startOf(pid) === started;
}

export function describeProcess({ pid, host }: ProcessIdentity): string {
  return `process ${pid} on ${host}`;
}

function machine(): string {
  return (
    read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) +
    read(() => readlinkSync("/proc/self/ns/pid"))
  );
}

/** Field 22 of `stat`; the second one, the program's name, may have blanks and brackets. Empty of one that only waits to be collected. */
function startOf(pid: number): string {
  const text = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "" : (fields[19] ?? "");
}

/** Empty where the system has no such file. */
function read(file: () => string): string {
  try {
    return file();
  } catch {
    return "";
  }
}
